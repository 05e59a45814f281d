//! On whose behalf a workflow runs. This goes along with the work: in HTTP headers from the bridge to the workflow
//! client, in the header of Temporal to activities and child workflows, and in HTTP headers from workers to EMCO.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// The HTTP header with the caller as JSON, and its key in the header of Temporal.
pub const CALLER: &str = "emco-caller";

/// The HTTP header with the ID of the audit event, and its key in the header of Temporal.
pub const AUDIT_ID: &str = "emco-audit-id";

/// The longest name, in characters.
const NAME_MAX: usize = 200;
/// The longest kind, and the longest ID of an audit event, in bytes.
const WORD_MAX: usize = 64;
/// The longest JSON, in bytes: two names, each character of which has two escapes of six bytes, and some more.
const JSON_MAX: usize = 8 << 10;

/// Who called for a piece of work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Its name: at most 200 characters, none of them a control character. Empty for a caller without one.
    pub name: String,
    /// How it was identified: `anonymous`, `token`, `certificate`, `proxy` or `issuer`. Empty if that is no longer
    /// known: a bridge completes a start that another bridge began.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The name that the settings give to the issuer of its token. Empty for other kinds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    /// The ID of the event in the bridge's audit. Empty if there is none. It is not in the JSON.
    #[serde(skip)]
    pub audit_id: String,
}

/// Why a caller cannot be read. The text never quotes what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallerError {
    /// It is too long.
    #[error("the caller has more than {JSON_MAX} bytes")]
    TooLong,
    /// It is not JSON of this form.
    #[error("the caller is not a JSON object with the text `name`")]
    NotJson,
    /// A name cannot be used.
    #[error("a name of the caller has a control character, or more than {NAME_MAX} characters")]
    Name,
    /// The kind or the ID of the audit event cannot be used.
    #[error(
        "the kind of the caller, or the ID of its audit event, is not a plain word of at most {WORD_MAX} bytes"
    )]
    Word,
}

impl Caller {
    /// Creates a caller. Control characters are removed from the names, and names that are too long are cut.
    pub fn new(name: &str, kind: impl Into<String>, issuer: &str) -> Self {
        Self { name: bounded(name), kind: kind.into(), issuer: bounded(issuer), audit_id: String::new() }
    }

    /// Sets the ID of the event in the audit.
    #[must_use]
    pub fn with_audit_id(self, audit_id: impl Into<String>) -> Self {
        Self { audit_id: audit_id.into(), ..self }
    }

    /// Reads what [`json`](Self::json) has written, and the ID of the audit event.
    ///
    /// # Errors
    /// [`CallerError`]. Keys that are not known are ignored, as a later version may write them.
    pub fn read(json: &[u8], audit_id: Option<&str>) -> Result<Self, CallerError> {
        if json.len() > JSON_MAX {
            return Err(CallerError::TooLong);
        }
        let read: Self = serde_json::from_slice(json).map_err(|_has_the_text| CallerError::NotJson)?;
        let caller = read.with_audit_id(audit_id.unwrap_or_default());
        if ![&caller.name, &caller.issuer].into_iter().all(|name| bounded(name) == **name) {
            return Err(CallerError::Name);
        }
        if ![&caller.kind, &caller.audit_id].into_iter().all(|word| is_word(word)) {
            return Err(CallerError::Word);
        }
        Ok(caller)
    }

    /// Returns the caller as JSON in ASCII, which any HTTP header can carry.
    #[must_use]
    pub fn json(&self) -> String {
        // It has text keys only, and its writer never fails.
        let json = serde_json::to_string(self).unwrap_or_default();
        let mut ascii = String::with_capacity(json.len());
        for c in json.chars() {
            if c.is_ascii() {
                ascii.push(c);
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a text never fails.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
        ascii
    }

    /// Returns the HTTP headers, names and values.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let audit_id = (!self.audit_id.is_empty()).then(|| (AUDIT_ID, self.audit_id.clone()));
        [(CALLER, self.json())].into_iter().chain(audit_id)
    }

    /// Returns its identity in Temporal's histories: `alice via client@host`, or only `process` if it has no name.
    #[must_use]
    pub fn via(&self, process: &str) -> String {
        if self.name.is_empty() { process.to_owned() } else { format!("{} via {process}", self.name) }
    }
}

/// Returns the name without control characters, and cut if it is long.
fn bounded(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect()
}

fn is_word(text: &str) -> bool {
    text.len() <= WORD_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for name in ["alice", "", "Zoë \"the\" 𝔸dmin\\", &"𝔸".repeat(NAME_MAX)] {
            let caller = Caller::new(name, "issuer", name).with_audit_id("0199-ab");
            let json = caller.json();
            assert!(
                json.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && json.len() <= JSON_MAX,
                "{json}"
            );
            assert_eq!(Caller::read(json.as_bytes(), Some("0199-ab")), Ok(caller));
        }
        assert_eq!(Caller::new("alice", "token", "").json(), r#"{"name":"alice","kind":"token"}"#);
    }

    #[test]
    fn long_names_are_cut_and_control_characters_removed() {
        let caller = Caller::new(&format!("a\u{7}\n\u{85}{}", "b".repeat(300)), "token", "");
        assert_eq!(caller.name, format!("a{}", "b".repeat(NAME_MAX - 1)));
    }

    #[test]
    fn what_is_too_long_or_wrong_is_refused() {
        let long = format!(r#"{{"name":"{}"}}"#, "a".repeat(NAME_MAX + 1));
        let longer = format!(r#"{{"name":"a","more":"{}"}}"#, "a".repeat(JSON_MAX));
        for (json, audit_id, error) in [
            (longer.as_str(), None, CallerError::TooLong),
            ("alice", None, CallerError::NotJson),
            ("{}", None, CallerError::NotJson),
            (r#"{"name":1}"#, None, CallerError::NotJson),
            (long.as_str(), None, CallerError::Name),
            (r#"{"name":"a\u0007"}"#, None, CallerError::Name),
            (r#"{"name":"a","issuer":"\n"}"#, None, CallerError::Name),
            (r#"{"name":"a","kind":"a b"}"#, None, CallerError::Word),
            (r#"{"name":"a"}"#, Some("a\"b"), CallerError::Word),
        ] {
            assert_eq!(Caller::read(json.as_bytes(), audit_id), Err(error), "{json}");
        }
        assert!(Caller::read(br#"{"name":"a","later":true}"#, None).is_ok());
    }
}
