//! Preferences of a caller (RFC 7240). `Prefer: return=representation` requests a body where EMCO returns
//! none; `wait=10` limits a wait.

use http::{HeaderMap, HeaderName};

const PREFER: HeaderName = HeaderName::from_static("prefer");
/// The header that names the preferences that were applied.
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The preference for a body.
pub(crate) const REPRESENTATION: &str = "return=representation";

/// Returns whether the caller prefers a body.
pub(crate) fn representation(headers: &HeaderMap) -> bool {
    preferences(headers).any(|(name, value)| {
        name.eq_ignore_ascii_case("return") && value.eq_ignore_ascii_case("representation")
    })
}

/// Returns how many seconds the caller is ready to wait. As in RFC 7240, an invalid value is ignored.
pub(crate) fn wait(headers: &HeaderMap) -> Option<u32> {
    preferences(headers)
        .find(|(name, _)| name.eq_ignore_ascii_case("wait"))
        .and_then(|(_, value)| value.parse().ok())
}

/// Returns the names and values of all preferences, without their parameters.
fn preferences(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|preference| preference.split(';').next()?.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_representation_is_asked_for_in_many_spellings() {
        for (text, wanted) in [
            ("return=representation", true),
            ("wait=5, Return = \"representation\"; x=y", true),
            ("return=minimal", false),
            ("representation", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(PREFER, HeaderValue::from_static(text))]);
            assert_eq!(representation(&headers), wanted, "{text}");
        }
    }

    #[test]
    fn a_wait_is_a_number_of_seconds() {
        for (text, seconds) in [
            ("wait=10", Some(10)),
            ("return=representation, Wait = \"0\"; x=y", Some(0)),
            ("wait=5, wait=7", Some(5)),
            ("wait=soon", None),
            ("wait", None),
        ] {
            let headers = HeaderMap::from_iter([(PREFER, HeaderValue::from_static(text))]);
            assert_eq!(wait(&headers), seconds, "{text}");
        }
    }
}
