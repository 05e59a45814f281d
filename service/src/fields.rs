//! What becomes of fields that nobody knows: `?fieldValidation=` and `Warning` headers, by Kubernetes' convention (DESIGN §3).

use std::str::FromStr;

use http::HeaderValue;

/// A long list of warnings helps nobody, and callers bound the number of headers they read.
const MAX_WARNINGS: usize = 20;

/// What becomes of unknown fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Nothing is said.
    Ignore,
    /// The answer names them in `Warning` headers.
    #[default]
    Warn,
    /// The request is refused.
    Strict,
}

/// Not a kind of validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write Ignore, Warn or Strict")]
pub struct FieldValidationError;

impl FieldValidation {
    /// The fields of these paths that the caller is to be told of.
    ///
    /// # Errors
    /// The fields, where they are a reason to refuse the request.
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
    type Err = FieldValidationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "Ignore" => Ok(Self::Ignore),
            "Warn" => Ok(Self::Warn),
            "Strict" => Ok(Self::Strict),
            _ => Err(FieldValidationError),
        }
    }
}

/// A `Warning` for each unknown field, up to a bound; text that a header cannot carry is escaped.
pub fn warnings(paths: &[String]) -> impl Iterator<Item = HeaderValue> {
    let more = paths.len().saturating_sub(MAX_WARNINGS);
    let rest = (more > 0).then(|| format!("{more} more unknown fields"));
    paths
        .iter()
        .take(MAX_WARNINGS)
        .map(|path| format!("unknown field {path}"))
        .chain(rest)
        .filter_map(|text| HeaderValue::try_from(format!("299 - \"{}\"", text.escape_default())).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_kinds_are_read() {
        assert_eq!("Ignore".parse(), Ok(FieldValidation::Ignore));
        assert_eq!("Warn".parse(), Ok(FieldValidation::Warn));
        assert_eq!("Strict".parse(), Ok(FieldValidation::Strict));
        for text in ["", "strict", "Warn "] {
            assert_eq!(text.parse::<FieldValidation>(), Err(FieldValidationError), "{text}");
        }
    }

    #[test]
    fn any_path_makes_a_header() {
        let paths = ["$.spec.foo".to_owned(), "$[\"é\\\"\n\"]".to_owned()];
        let texts: Vec<_> = warnings(&paths).map(|value| value.to_str().unwrap().to_owned()).collect();
        assert_eq!(texts[0], r#"299 - "unknown field $.spec.foo""#);
        assert_eq!(texts.len(), 2);
    }

    #[test]
    fn many_warnings_are_summed_up() {
        let paths: Vec<String> = (0..25).map(|index| format!("$.f{index}")).collect();
        let last = warnings(&paths).last().unwrap();
        assert_eq!(
            (warnings(&paths).count(), last),
            (21, HeaderValue::from_static("299 - \"5 more unknown fields\""))
        );
    }

    #[test]
    fn only_strictness_refuses() {
        let unknown = || vec!["$.a".to_owned()];
        assert_eq!(FieldValidation::Ignore.of(unknown()), Ok(vec![]));
        assert_eq!(FieldValidation::Warn.of(unknown()), Ok(unknown()));
        assert_eq!(FieldValidation::Strict.of(unknown()), Err(unknown()));
        assert_eq!(FieldValidation::Strict.of(vec![]), Ok(vec![]));
    }
}
