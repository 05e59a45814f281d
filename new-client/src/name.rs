//! The name of a project, in all the forms that it takes.

use std::str::FromStr;

use anyhow::{Result, ensure};

/// With `-worker` behind it, the name can be a label in Kubernetes.
const MAX: usize = 50;

/// The name in the template.
const TEMPLATE: &str = "my-workflow";

/// Words that mean something else to Rust or Cargo.
const RESERVED: &str = "\
    abstract alloc as async await become box break build const continue core crate deps do dyn else enum \
    examples extern false final fn for gen if impl in incremental let loop macro match mod move mut \
    override priv proc-macro pub ref return self static std struct super test trait true try type typeof \
    union unsafe unsized use virtual where while yield";

/// The project's dependencies, and the types beside that of the workflow.
const TAKEN: &str = "\
    activities activity-context activity-error activity-plan application-failure client-kit debug \
    default deserialize err futures guests json-schema none ok option params progress raw-value result \
    schemars serde serde-json some steps string temporalio-common temporalio-macros temporalio-sdk \
    temporalio-workflow test-activity test-worker tokio value vec worker-kit workflow-context \
    workflow-context-view workflow-result";

/// The name of a project: of its package and its workflow client, and in other spellings of the items in it. EMCO
/// (EMCO-API §0.4, §2.3), Cargo and Kubernetes accept it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(String);

impl FromStr for Name {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let sound = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        ensure!(
            text.len() <= MAX
                && text.split('-').all(sound)
                && text.starts_with(|c: char| c.is_ascii_lowercase()),
            "write 1 to {MAX} lower-case letters and digits, a letter first, with single `-` between them"
        );
        let has = |words: &str| words.split(' ').any(|word| word == text);
        ensure!(!has(RESERVED), "Rust keeps this name for itself");
        ensure!(!has(TAKEN), "something else in the project has this name");
        Ok(Self(text.to_owned()))
    }
}

impl Name {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Replaces the template's name in a text with this one.
    pub(super) fn put_into(&self, text: &str) -> String {
        let spellings = [str::to_owned, snake, capitals, camel];
        spellings.iter().fold(text.to_owned(), |text, spelt| text.replace(&spelt(TEMPLATE), &spelt(&self.0)))
    }
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

fn capitals(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

fn camel(name: &str) -> String {
    name.split('-').map(|part| part[..1].to_ascii_uppercase() + &part[1..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_template_is_replaced() {
        let name: Name = "back-up-2".parse().unwrap();
        let text = "my-workflow my_workflow MY_WORKFLOW_TASK_Q MyWorkflow workflow";
        assert_eq!(name.put_into(text), "back-up-2 back_up_2 BACK_UP_2_TASK_Q BackUp2 workflow");
    }
}
