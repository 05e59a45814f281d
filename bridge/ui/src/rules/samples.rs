//! The sample rules of the documentation, to begin with.

use std::sync::LazyLock;

use workflow_api::{WorkflowRule, read};

/// A sample rule.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) description: String,
    pub(crate) document: &'static str,
}

macro_rules! samples {
    ($($name:literal),+) => {
        [$(Sample::new($name, include_str!(concat!("../../../../docs/samples/rules/", $name, ".json")))),+]
    };
}

pub(crate) static SAMPLES: LazyLock<[Sample; 7]> = LazyLock::new(|| {
    samples!("late", "stuck", "retrying", "no-worker", "drift", "missed-schedule", "cluster-near-limit")
});

impl Sample {
    fn new(name: &'static str, document: &'static str) -> Self {
        let rule = read::<WorkflowRule>(document.as_bytes()).map(|read| read.value).unwrap_or_default();
        Self { name, description: rule.metadata.description, document }
    }

    /// Returns the sample of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        SAMPLES.iter().find(|sample| sample.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_rule_is_offered_with_what_it_is_for() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/samples/rules");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), SAMPLES.len());
        assert!(SAMPLES.iter().all(|sample| !sample.description.is_empty()));
    }
}
