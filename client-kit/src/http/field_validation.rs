//! `?fieldValidation=`: what becomes of fields that nobody knows, by Kubernetes' convention.

use axum::extract::Query;
use axum::http::{HeaderValue, Uri};
use serde::Deserialize;

/// A long list of warnings helps nobody, and callers bound the number of headers they read.
const MAX_WARNINGS: usize = 20;

/// What becomes of unknown fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(super) enum FieldValidation {
    /// Nothing is said.
    Ignore,
    /// The answer names them in `Warning` headers.
    #[default]
    Warn,
    /// The request is refused.
    Strict,
}

/// The query asks for no such validation.
#[derive(Debug, thiserror::Error)]
#[error("`fieldValidation` is `Ignore`, `Warn` or `Strict`")]
pub(super) struct FieldValidationError;

impl FieldValidation {
    /// Reads the query. Keys other than `fieldValidation` are none of our business, as EMCO's client reads no query.
    pub(super) fn of(uri: &Uri) -> Result<Self, FieldValidationError> {
        #[derive(Deserialize)]
        struct Keys {
            #[serde(rename = "fieldValidation", default)]
            validation: FieldValidation,
        }
        Query::<Keys>::try_from_uri(uri).map(|Query(keys)| keys.validation).map_err(|_| FieldValidationError)
    }
}

/// A `Warning` for each unknown field, up to a bound; text that a header cannot carry is escaped.
pub(super) fn warnings(paths: &[String]) -> impl Iterator<Item = HeaderValue> {
    let more = paths.len().saturating_sub(MAX_WARNINGS);
    let rest = (more > 0).then(|| format!("and {more} more unknown fields"));
    paths
        .iter()
        .take(MAX_WARNINGS)
        .map(|path| format!("unknown field \"{path}\""))
        .chain(rest)
        .filter_map(|text| HeaderValue::try_from(format!("299 - \"{}\"", text.escape_default())).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str) -> Option<FieldValidation> {
        FieldValidation::of(&uri.parse().unwrap()).ok()
    }

    #[test]
    fn warnings_are_the_default() {
        assert_eq!(of("/invoke/a"), Some(FieldValidation::Warn));
        assert_eq!(of("/invoke/a?other=1"), Some(FieldValidation::Warn));
        assert_eq!(of("/invoke/a?fieldValidation=Strict"), Some(FieldValidation::Strict));
        assert_eq!(of("/invoke/a?fieldValidation=Ignore"), Some(FieldValidation::Ignore));
    }

    #[test]
    fn other_values_are_refused() {
        for query in ["strict", "", "Warn&fieldValidation=Strict"] {
            assert_eq!(of(&format!("/invoke/a?fieldValidation={query}")), None, "{query}");
        }
    }

    #[test]
    fn any_path_makes_a_header() {
        let paths = ["$.spec.foo".to_owned(), "$[\"é\\\"\n\"]".to_owned()];
        let texts: Vec<_> = warnings(&paths).map(|value| value.to_str().unwrap().to_owned()).collect();
        assert_eq!(texts[0], r#"299 - "unknown field \"$.spec.foo\"""#);
        assert_eq!(texts.len(), 2);
    }

    #[test]
    fn many_warnings_are_summed_up() {
        let paths: Vec<String> = (0..25).map(|index| format!("$.f{index}")).collect();
        let last = warnings(&paths).last().unwrap();
        assert_eq!(
            (warnings(&paths).count(), last),
            (21, HeaderValue::from_static("299 - \"and 5 more unknown fields\""))
        );
    }
}
