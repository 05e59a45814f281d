//! How things are named on the command line.

use bridge_client::{DigKey, IntentKey};

/// Reads a deployment intent group: `project/app/version/group`.
pub(crate) fn group(text: &str) -> Result<DigKey, String> {
    text.parse().map_err(|error| format!("`{text}` {error}"))
}

/// Reads an intent: its name, if there is a default group, or `project/app/version/group/intent`.
pub(crate) fn intent(text: &str, default: Option<&DigKey>) -> Result<IntentKey, String> {
    match (text.rsplit_once('/'), default) {
        (None, Some(dig)) if !text.is_empty() => Ok(dig.intent(text)),
        (None, _) => Err(format!(
            "the deployment intent group of `{text}` is missing: write project/app/version/group/{text}, or give --group"
        )),
        (Some((dig, name)), _) => Ok(group(dig)?.intent(name)),
    }
}

/// A rule of a project, or over all projects.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RuleName {
    /// `None`: over all projects.
    pub(crate) project: Option<String>,
    pub(crate) name: String,
}

impl std::fmt::Display for RuleName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.project.as_deref().unwrap_or("*"), self.name)
    }
}

/// Reads a rule: its name, if there is a default project, or `project/rule`, or `*/rule`.
pub(crate) fn rule(text: &str, default: Option<&str>) -> Result<RuleName, String> {
    let (project, name) = match (text.split_once('/'), default) {
        (None, Some(project)) => (project, text),
        (None, None) => {
            return Err(format!(
                "the project of `{text}` is missing: write project/{text}, */{text} for one over all projects, or give \
                 --project"
            ));
        }
        (Some((project, name)), _) => (project, name),
    };
    let project = (project != "*").then(|| project.to_owned());
    Ok(RuleName { project, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_or_in_the_default() {
        let dig = DigKey::new("p", "a", "v", "d");
        assert_eq!(intent("i", Some(&dig)).unwrap(), dig.intent("i"));
        assert_eq!(intent("q/b/w/e/i", Some(&dig)).unwrap(), DigKey::new("q", "b", "w", "e").intent("i"));
        for (text, default) in [("i", None), ("", Some(&dig)), ("d/i", Some(&dig)), ("p/a//d/i", None)] {
            assert!(intent(text, default).is_err(), "{text}");
        }
        assert_eq!(rule("late", Some("p")).unwrap().to_string(), "p/late");
        assert_eq!(rule("*/late", Some("p")).unwrap().to_string(), "*/late");
        assert!(rule("late", None).is_err());
    }
}
