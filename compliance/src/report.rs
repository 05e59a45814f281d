//! The report: each clause and its outcome.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// One requirement for a workflow client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// Its name, for programs. It never changes.
    pub name: &'static str,
    /// The requirement.
    pub says: &'static str,
    /// The source of the requirement: a section of EMCO's API, of an RFC, or of this project's documentation.
    pub source: &'static str,
}

/// The outcome of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server meets the requirement.
    Passed,
    /// The server does not meet the requirement.
    Failed {
        /// What was expected.
        expected: String,
        /// What was seen.
        seen: String,
    },
    /// It cannot be tested on this server.
    NotApplicable {
        /// Why not.
        reason: String,
    },
}

impl Outcome {
    pub(crate) fn of(holds: bool, expected: impl Into<String>, seen: impl fmt::Display) -> Self {
        if holds { Self::Passed } else { Self::Failed { expected: expected.into(), seen: seen.to_string() } }
    }

    pub(crate) fn not_applicable(reason: impl Into<String>) -> Self {
        Self::NotApplicable { reason: reason.into() }
    }

    /// Returns this outcome, or the next one if this one passed.
    pub(crate) async fn and(self, next: impl Future<Output = Self>) -> Self {
        if self == Self::Passed { next.await } else { self }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed { .. } => "failed",
            Self::NotApplicable { .. } => "not_applicable",
        }
    }
}

/// A clause and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The clause.
    pub clause: Clause,
    /// Its outcome.
    pub outcome: Outcome,
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut finding = serializer.serialize_struct("Finding", 6)?;
        finding.serialize_field("name", self.clause.name)?;
        finding.serialize_field("says", self.clause.says)?;
        finding.serialize_field("source", self.clause.source)?;
        finding.serialize_field("outcome", self.outcome.word())?;
        match &self.outcome {
            Outcome::Passed => {}
            Outcome::Failed { expected, seen } => {
                finding.serialize_field("expected", expected)?;
                finding.serialize_field("seen", seen)?;
            }
            Outcome::NotApplicable { reason } => finding.serialize_field("reason", reason)?,
        }
        finding.end()
    }
}

/// The outcomes of all clauses: as text for people, as JSON for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The server that was tested.
    pub url: String,
    /// The workflow client that was tested.
    pub client: String,
    /// The outcome of each clause.
    #[serde(rename = "clauses")]
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether no clause failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failed().next().is_none()
    }

    /// The names of the clauses that failed.
    pub fn failed(&self) -> impl Iterator<Item = &'static str> {
        let failed = |finding: &&Finding| matches!(finding.outcome, Outcome::Failed { .. });
        self.findings.iter().filter(failed).map(|finding| finding.clause.name)
    }

    fn count(&self, word: &str) -> usize {
        self.findings.iter().filter(|finding| finding.outcome.word() == word).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, workflow client `{}`", self.url, self.client)?;
        for Finding { clause: Clause { name, says, source }, outcome } in &self.findings {
            let mark = match outcome {
                Outcome::Passed => "passed",
                Outcome::Failed { .. } => "FAILED",
                Outcome::NotApplicable { .. } => "-",
            };
            writeln!(f, "  {mark:6}  {name:16}  {says} ({source})")?;
            match outcome {
                Outcome::Passed => {}
                Outcome::Failed { expected, seen } => {
                    writeln!(f, "{:26}expected: {expected}", "")?;
                    writeln!(f, "{:26}seen:     {seen}", "")?;
                }
                Outcome::NotApplicable { reason } => writeln!(f, "{:26}not applicable: {reason}", "")?,
            }
        }
        let (passed, failed) = (self.count("passed"), self.count("failed"));
        write!(f, "{passed} passed, {failed} failed, {} not applicable", self.count("not_applicable"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Report {
        let clause = |name| Clause { name, says: "It does", source: "RFC 1" };
        let of = |name, outcome| Finding { clause: clause(name), outcome };
        Report {
            url: "http://localhost:9090".to_owned(),
            client: "migrate".to_owned(),
            findings: vec![
                of("path", Outcome::Passed),
                of("case", Outcome::of(false, "204", "500")),
                of("drain", Outcome::not_applicable("it is not ours")),
            ],
        }
    }

    #[test]
    fn people_read_what_was_expected_and_seen() {
        let text = "\
http://localhost:9090, workflow client `migrate`
  passed  path              It does (RFC 1)
  FAILED  case              It does (RFC 1)
                          expected: 204
                          seen:     500
  -       drain             It does (RFC 1)
                          not applicable: it is not ours
1 passed, 1 failed, 1 not applicable";
        assert_eq!(report().to_string(), text);
    }

    #[test]
    fn programs_read_the_same() {
        let finding = |name: &str, outcome: &str| json!({"name": name, "says": "It does", "source": "RFC 1", "outcome": outcome});
        let mut findings =
            [finding("path", "passed"), finding("case", "failed"), finding("drain", "not_applicable")];
        findings[1]["expected"] = json!("204");
        findings[1]["seen"] = json!("500");
        findings[2]["reason"] = json!("it is not ours");
        let expected = json!({"url": "http://localhost:9090", "client": "migrate", "clauses": findings});
        assert_eq!(serde_json::to_value(report()).unwrap(), expected);
        assert!(!report().passed());
        assert_eq!(report().failed().collect::<Vec<_>>(), ["case"]);
    }
}
