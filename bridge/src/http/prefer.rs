//! What a caller prefers (RFC 7240): `Prefer: return=representation` asks for a body where EMCO answers none.

use http::{HeaderMap, HeaderName};

const PREFER: HeaderName = HeaderName::from_static("prefer");
/// The header that says which preference was heeded.
pub(super) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The preference for a body.
pub(super) const REPRESENTATION: &str = "return=representation";

/// Whether the caller wants a body.
pub(super) fn representation(headers: &HeaderMap) -> bool {
    headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| {
            let preference = preference.split(';').next().unwrap_or_default();
            preference.split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("return")
                    && value.trim().trim_matches('"').eq_ignore_ascii_case("representation")
            })
        })
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
}
