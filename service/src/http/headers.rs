//! Headers that more than one of our servers reads or writes.

use http::{HeaderMap, HeaderName};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What a caller prefers (RFC 7240).
pub const PREFER: HeaderName = HeaderName::from_static("prefer");
/// Which preference an answer follows.
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The preference for an answer with a body.
pub const REPRESENTATION: &str = "return=representation";
/// The name of a request, so that a repeat of it does nothing more.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The workflow of a start, [`encoded`].
pub const WORKFLOW_ID: HeaderName = HeaderName::from_static("workflow-id");
/// The run of a start.
pub const RUN_ID: HeaderName = HeaderName::from_static("run-id");

/// Temporal takes request IDs of up to 1,000 bytes; a key that long is a mistake.
const KEY_MAX: usize = 255;
/// What a header cannot carry as it is, and the percent sign, so that there is one way back.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// The value of an `Idempotency-Key` header is not one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write one `Idempotency-Key` of 1 to {KEY_MAX} visible ASCII characters, such as a UUID")]
pub struct IdempotencyKeyError;

/// Returns whether the caller prefers an answer with a body.
pub fn prefers_representation(headers: &HeaderMap) -> bool {
    preference(headers, "return").is_some_and(|value| value.eq_ignore_ascii_case("representation"))
}

/// Returns how many seconds the caller would wait. A value that makes no sense is no preference.
pub fn preferred_wait(headers: &HeaderMap) -> Option<u32> {
    preference(headers, "wait")?.parse().ok()
}

/// Returns the value of a preference, without its parameters. Of several only the first counts (RFC 7240 §2).
fn preference<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .filter_map(|preference| preference.split(';').next()?.split_once('='))
        .find(|(other, _)| other.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().trim_matches('"'))
}

/// Returns the key of a request, where it has one: bare, or quoted as the header's draft standard has it.
///
/// # Errors
/// When it is not one key.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, IdempotencyKeyError> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let text = key.to_str().unwrap_or_default().trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let sound = (1..=KEY_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if sound && keys.next().is_none() { Ok(Some(text.to_owned())) } else { Err(IdempotencyKeyError) }
}

/// Returns a text as a header can carry it: percent-encoded where need be.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Returns what was [`encoded`].
pub fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(name: HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_body_is_sent_to_those_who_prefer_one() {
        for (values, wants) in [
            (&[][..], false),
            (&["return=representation"], true),
            (&["Return = \"representation\""], true),
            (&["respond-async, return=representation;x=1"], true),
            (&["wait=5, Return = \"representation\"; x=y"], true),
            (&["respond-async", "return=representation"], true),
            (&["return=minimal"], false),
            (&["return=minimal, return=representation"], false),
            (&["representation"], false),
            (&[""], false),
        ] {
            assert_eq!(prefers_representation(&headers(PREFER, values)), wants, "{values:?}");
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
            assert_eq!(preferred_wait(&headers(PREFER, &[text])), seconds, "{text}");
        }
    }

    #[test]
    fn keys_are_taken_bare_or_quoted() {
        for (values, key) in [(&[][..], None), (&["k-1"], Some("k-1")), (&["\"k-1\""], Some("k-1"))] {
            assert_eq!(idempotency_key(&headers(IDEMPOTENCY_KEY, values)).unwrap().as_deref(), key);
        }
    }

    #[test]
    fn other_keys_are_refused() {
        let long = "k".repeat(256).leak();
        for values in [&[""][..], &["\"\""], &["a b"], &["one", "two"], &[long]] {
            assert_eq!(
                idempotency_key(&headers(IDEMPOTENCY_KEY, values)),
                Err(IdempotencyKeyError),
                "{values:?}"
            );
        }
        let latin = HeaderMap::from_iter([(IDEMPOTENCY_KEY, HeaderValue::from_bytes(b"k\xe9y").unwrap())]);
        assert!(idempotency_key(&latin).is_err());
    }

    #[test]
    fn odd_texts_are_percent_encoded_and_come_back() {
        let text = "é 100%\n";
        assert_eq!(encoded(text), "%C3%A9%20100%25%0A");
        assert_eq!(decoded(&encoded(text)), text);
        assert_eq!(encoded("r-1/\"quoted\""), "r-1/\"quoted\"");
    }
}
