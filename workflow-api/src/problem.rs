//! Errors on the wire: problem details (RFC 9457), and the faults of an input by JSON path.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The length, in bytes, to which paths and messages are cut. Texts of the caller in them are cut to less, by
/// [`crate::cut`].
const LONGEST: usize = 1000;

/// One thing that is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// Where it is: a JSON path (`$.spec.temporal.workflowClientName`).
    pub path: String,
    /// What is wrong, and what would be valid.
    pub message: String,
}

impl Fault {
    /// Creates a fault at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        let limited = |mut text: String| {
            if text.len() > LONGEST {
                text.truncate(text.floor_char_boundary(LONGEST));
                text.push('…');
            }
            text
        };
        Self { path: limited(path.into()), message: limited(message.into()) }
    }

    /// Returns this fault of a value as one of the document that has the value at `path`.
    #[must_use]
    pub fn below(self, path: &str) -> Self {
        match self.path.strip_prefix('$') {
            Some(rest) => Self::new(format!("{path}{rest}"), self.message),
            None => self,
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Problem details (RFC 9457) with a stable code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URI for the kind of problem: `urn:emco:workflow:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem, for people. Each code has one title.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What failed, and what to do next.
    pub detail: String,
    /// The kind of problem, for programs. It never changes.
    pub code: String,
    /// Every fault of the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Further members, for programs.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, serde_json::Value>))]
    pub extensions: Map<String, Value>,
}

impl Problem {
    /// Creates a problem of the kind `code`, which also gives the title.
    pub fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        let mut title = code.replace('_', " ");
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Self {
            kind: format!("urn:emco:workflow:problem:{code}"),
            title,
            status,
            detail: detail.into(),
            code: code.to_owned(),
            faults: Vec::new(),
            extensions: Map::new(),
        }
    }

    /// Sets the faults of the input.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.faults = faults;
        self
    }

    /// Adds the member `name`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extensions.insert(name.to_owned(), value.into());
        self
    }
}

/// The problem as plain text: the detail, then a line for each fault.
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n{fault}"))
    }
}
