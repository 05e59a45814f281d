//! EMCO's JSON-schema checks (EMCO-API §0.4), as far as they can fail.

use serde::{Deserialize, Serialize};

use crate::reply::Refusal;

const NAME_PATTERN: &str = "^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$";

/// Metadata as most resources have it: all four fields, always.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) user_data1: String,
    pub(crate) user_data2: String,
}

pub(crate) fn checked(metadata: &Metadata, more: impl FnOnce(&mut Check)) -> Result<(), Refusal> {
    let mut check = Check::default();
    check.metadata(metadata);
    more(&mut check);
    check.finish()
}

/// Collects what is wrong with a document.
#[derive(Debug, Default)]
pub(crate) struct Check {
    violations: Vec<String>,
}

impl Check {
    /// EMCO's name rule.
    pub(crate) fn name(&mut self, name: &str) {
        self.length(name, 128);
        if !is_name(name) {
            self.violations.push(format!("Does not match pattern '{NAME_PATTERN}'"));
        }
    }

    /// A longest length, in characters.
    pub(crate) fn length(&mut self, text: &str, longest: usize) {
        if text.chars().count() > longest {
            self.violations.push(format!("String length must be less than or equal to {longest}"));
        }
    }

    pub(crate) fn metadata(&mut self, metadata: &Metadata) {
        self.name(&metadata.name);
        self.length(&metadata.description, 1024);
        self.length(&metadata.user_data1, 512);
        self.length(&metadata.user_data2, 512);
    }

    /// One of a few values; `field` is its path.
    pub(crate) fn one_of(&mut self, field: &str, value: &str, allowed: &[&str]) {
        if !allowed.contains(&value) {
            let allowed: Vec<String> = allowed.iter().map(|of| format!("{of:?}")).collect();
            self.violated(format!("{field} must be one of the following: {}", allowed.join(", ")));
        }
    }

    pub(crate) fn violated(&mut self, line: impl Into<String>) {
        self.violations.push(line.into());
    }

    pub(crate) fn finish(self) -> Result<(), Refusal> {
        if self.violations.is_empty() {
            return Ok(());
        }
        Err(Refusal::new(400, format!("Invalid Input:\n{}", self.violations.join("\n"))))
    }
}

/// EMCO's name rule without the length.
pub(crate) fn is_name(name: &str) -> bool {
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_emcos_rule() {
        for good in ["a", "9", "dig1", "a-b_c.d", "A..Z"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", "a-", ".", "a b", "ä", "a/b"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn every_violation_is_a_line() {
        let mut check = Check::default();
        check.metadata(&Metadata { name: "-".into(), description: "x".repeat(1025), ..Metadata::default() });
        let refusal = check.finish().unwrap_err();
        assert_eq!(
            refusal.text,
            "Invalid Input:\nDoes not match pattern '^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$'\n\
             String length must be less than or equal to 1024"
        );
    }
}
