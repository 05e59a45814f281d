//! Unknown fields: `?fieldValidation=` and `Warning` headers, by Kubernetes' convention (DESIGN §3).

use std::str::FromStr;

use http::HeaderValue;

use crate::problem::cut;

/// A long list of warnings helps nobody, and callers limit the number of headers that they read.
const MAX_WARNINGS: usize = 20;
/// How many characters a warning has.
const MAX_WARNING: usize = 200;

/// What happens with unknown fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// They are ignored.
    Ignore,
    /// The response names them in `Warning` headers.
    #[default]
    Warn,
    /// The request is refused.
    Strict,
}

impl FieldValidation {
    /// Returns those of the unknown fields that the caller is warned about.
    ///
    /// # Errors
    /// The fields, if they are a reason to refuse the request.
    pub fn of(self, unknown: Vec<String>) -> Result<Vec<String>, Vec<String>> {
        match self {
            Self::Ignore => Ok(Vec::new()),
            Self::Warn => Ok(unknown),
            Self::Strict if unknown.is_empty() => Ok(unknown),
            Self::Strict => Err(unknown),
        }
    }
}

impl FromStr for FieldValidation {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "Ignore" => Ok(Self::Ignore),
            "Warn" => Ok(Self::Warn),
            "Strict" => Ok(Self::Strict),
            _ => Err("write Ignore, Warn or Strict"),
        }
    }
}

/// Returns a `Warning` for each unknown field, up to a limit. Text that a header cannot carry is escaped.
pub fn warnings(paths: &[String]) -> impl Iterator<Item = HeaderValue> {
    let more = paths.len().saturating_sub(MAX_WARNINGS);
    let rest = (more > 0).then(|| format!("{more} more unknown fields"));
    paths
        .iter()
        .take(MAX_WARNINGS)
        .map(|path| format!("unknown field {path}"))
        .chain(rest)
        .filter_map(warning)
}

/// Returns the value of a `Warning` header (RFC 7234 §5.5) with this text, which is cut if it is long.
pub fn warning(mut text: String) -> Option<HeaderValue> {
    cut(&mut text, MAX_WARNING);
    HeaderValue::try_from(format!("299 - \"{}\"", text.escape_default())).ok()
}
