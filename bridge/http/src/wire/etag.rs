//! Entity tags of intents: the revision in quotes, and conditions on it (RFC 9110 §8.8.3 and §13).

use bridge_core::model::RevisionNumber;
use bridge_core::{Conditions, Revisions};
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName};

use crate::problem::ApiError;
use crate::wire::params::invalid;

/// Returns the entity tag of an intent at this revision. It is strong: one revision always has the same
/// bytes.
pub(crate) fn of_revision(revision: RevisionNumber) -> String {
    format!("\"{revision}\"")
}

/// Returns the conditions of a request.
pub(crate) fn conditions(headers: &HeaderMap) -> Result<Conditions, ApiError> {
    Ok(Conditions {
        matches: states(headers, IF_MATCH, Comparison::Strong)?,
        matches_none: states(headers, IF_NONE_MATCH, Comparison::Weak)?,
    })
}

/// Returns whether the caller of a GET has this revision already.
pub(crate) fn is_known(headers: &HeaderMap, revision: RevisionNumber) -> Result<bool, ApiError> {
    let known = states(headers, IF_NONE_MATCH, Comparison::Weak)?;
    Ok(known.is_some_and(|states| states.contain(Some(revision))))
}

#[derive(Clone, Copy, PartialEq)]
enum Comparison {
    /// A weak tag matches the strong tag with the same text.
    Weak,
    /// A weak tag matches nothing.
    Strong,
}

/// Returns the revisions in a header: `*`, or tags separated by commas. A tag that the bridge did not make is
/// ignored.
fn states(
    headers: &HeaderMap,
    name: HeaderName,
    comparison: Comparison,
) -> Result<Option<Revisions>, ApiError> {
    if !headers.contains_key(&name) {
        return Ok(None);
    }
    let mut states = Vec::new();
    for value in headers.get_all(&name) {
        let wrong =
            || invalid(name.as_str(), "has no entity tags: write * or tags as in ETag, quotes included");
        let text = value.to_str().map_err(|_not_ascii| wrong())?.trim();
        if text == "*" {
            return Ok(Some(Revisions::Any));
        }
        for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            let (weak, quoted) = tag.strip_prefix("W/").map_or((false, tag), |quoted| (true, quoted));
            let opaque =
                quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).ok_or_else(wrong)?;
            if !(weak && comparison == Comparison::Strong) {
                states.extend(opaque.parse::<RevisionNumber>());
            }
        }
    }
    Ok(Some(Revisions::Of(states)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(
        name: HeaderName,
        comparison: Comparison,
        values: &[&str],
    ) -> Result<Option<Revisions>, ApiError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, HeaderValue::from_str(value).unwrap());
        }
        states(&headers, name, comparison)
    }

    fn of(numbers: &[i64]) -> Option<Revisions> {
        Some(Revisions::Of(numbers.iter().copied().map(RevisionNumber::from).collect()))
    }

    #[test]
    fn tags_name_states() {
        use Comparison::{Strong, Weak};
        for (comparison, values, states) in [
            (Strong, &[][..], None),
            (Strong, &["*"], Some(Revisions::Any)),
            (Strong, &["\"3\""], of(&[3])),
            (Strong, &["\"3\", \"4\" ,W/\"5\""], of(&[3, 4])),
            (Weak, &["W/\"3\"", "\"4\""], of(&[3, 4])),
            (Strong, &["\"of-another-server\""], of(&[])),
        ] {
            assert_eq!(read(IF_MATCH, comparison, values).unwrap(), states, "{values:?}");
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for value in ["3", "\"3", "\"", "w/\"3\""] {
            let error = read(IF_MATCH, Comparison::Strong, &[value]).unwrap_err();
            assert_eq!(error.problem().extensions["parameter"], "if-match", "{value}");
        }
    }
}
