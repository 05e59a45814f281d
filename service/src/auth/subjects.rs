//! Lists of callers, in the spelling of rights.

use std::str::FromStr;

use serde::Deserialize;
use workflow_api::{Caller, Subject, SubjectEntry};

use super::identity::{Identity, Proof};

/// Callers, as `rights.toml` lists the subjects of a binding, without the brackets:
/// `{ token = "ci" }, { group = "ops", issuer = "corp" }, "anonymous"`. None by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subjects(Vec<Subject>);

impl Subjects {
    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the list has callers who have proven nothing.
    pub fn has_anonymous(&self) -> bool {
        self.0.contains(&Subject::Anonymous)
    }

    /// Whether the list has this caller, or a group of it.
    pub fn contain(&self, caller: &Identity) -> bool {
        let itself = caller.subject();
        self.0.iter().any(|subject| match subject {
            Subject::Authenticated => itself != Subject::Anonymous,
            Subject::Group { issuer, name } => caller.issuer() == issuer && caller.groups().contains(name),
            subject => *subject == itself,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    subjects: Vec<SubjectEntry>,
}

impl FromStr for Subjects {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read: Document = toml::from_str(&format!("subjects = [{text}]"))
            .map_err(|error| format!("is not a list of subjects: {}", error.message()))?;
        read.subjects.into_iter().map(SubjectEntry::subject).collect::<Result<_, _>>().map(Self)
    }
}

impl Identity {
    /// Returns the subject that the caller is itself.
    pub fn subject(&self) -> Subject {
        let name = || self.name().to_owned();
        match self.proof() {
            Proof::None => Subject::Anonymous,
            Proof::Token => Subject::Token(name()),
            Proof::Certificate => Subject::Certificate(name()),
            Proof::Proxy => Subject::ProxyUser(name()),
            Proof::Issuer => Subject::user(self.issuer(), self.name()),
        }
    }

    /// Returns the caller, for the work on its behalf.
    pub fn caller(&self) -> Caller {
        let kind = match self.proof() {
            Proof::None => "anonymous",
            Proof::Token => "token",
            Proof::Certificate => "certificate",
            Proof::Proxy => "proxy",
            Proof::Issuer => "issuer",
        };
        Caller::new(self.name(), kind, self.issuer())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(name: &str, groups: &[&str]) -> Identity {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        Identity::new(name, Proof::Issuer).issued("corp", groups)
    }

    #[test]
    fn callers_are_in_the_list_by_what_they_have_proven() {
        let token = |name: &str| Identity::new(name, Proof::Token);
        let account = issued("system:serviceaccount:emco:bridge", &[]);
        for (list, caller, is_in) in [
            ("{ token = \"a\" }", token("a"), true),
            ("{ token = \"a\" }", Identity::new("a", Proof::Certificate), false),
            ("{ token = \"a\" }, { token = \"b\" }", token("b"), true),
            ("{ certificate = \"spiffe://x/y\" }", Identity::new("spiffe://x/y", Proof::Certificate), true),
            ("{ user = \"a\", issuer = \"corp\" }", issued("a", &[]), true),
            ("{ user = \"a\", issuer = \"other\" }", issued("a", &[]), false),
            ("{ group = \"ops\", issuer = \"corp\" }", issued("a", &["dev", "ops"]), true),
            ("{ group = \"ops\", issuer = \"other\" }", issued("a", &["ops"]), false),
            ("{ serviceAccount = \"emco/bridge\", issuer = \"corp\" }", account, true),
            ("\"authenticated\"", token("a"), true),
            ("\"authenticated\"", Identity::default(), false),
            ("\"anonymous\"", Identity::default(), true),
            ("\"anonymous\"", token("a"), false),
            ("", token("a"), false),
        ] {
            assert_eq!(list.parse::<Subjects>().unwrap().contain(&caller), is_in, "{list} {caller:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, part) in [
            ("alice", "is not a list of subjects"),
            ("\"alice\"", "`alice` is not a subject"),
            ("{ token = \"a\", issuer = \"b\" }", "has no issuer"),
            ("{ user = \"a\" }", "`issuer` is missing"),
            ("{ name = \"a\" }", "unknown field"),
            ("]\nother = [", "unknown field"),
        ] {
            let error = text.parse::<Subjects>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
