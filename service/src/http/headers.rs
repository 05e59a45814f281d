//! Headers that more than one of our servers reads or writes.

use http::{HeaderMap, HeaderName};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What a caller prefers (RFC 7240).
pub const PREFER: HeaderName = HeaderName::from_static("prefer");
/// Which preference a response follows.
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// The preference for a response with a body.
pub const REPRESENTATION: &str = "return=representation";
/// The name of a request, so that a repeat of it does nothing more.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The workflow of a start, [`encoded`].
pub const WORKFLOW_ID: HeaderName = HeaderName::from_static("workflow-id");
/// The run of a start.
pub const RUN_ID: HeaderName = HeaderName::from_static("run-id");

/// Temporal accepts request IDs of up to 1,000 bytes, but a key of that length is a mistake.
const KEY_MAX: usize = 255;
/// What a header cannot carry unchanged, and the percent sign, so that decoding is unambiguous.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// The value of an `Idempotency-Key` header is not one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write one `Idempotency-Key` of 1 to {KEY_MAX} visible ASCII characters, such as a UUID")]
pub struct IdempotencyKeyError;

/// Returns whether the caller prefers a response with a body.
pub fn prefers_representation(headers: &HeaderMap) -> bool {
    preference(headers, "return").is_some_and(|value| value.eq_ignore_ascii_case("representation"))
}

/// Returns how many seconds the caller prefers to wait. A value that is no number counts as no preference.
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

/// Returns the key of a request, if it has one: bare, or quoted as in the draft standard of the header.
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

/// Returns a text as a header can carry it: percent-encoded if necessary.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Returns what was [`encoded`].
pub fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
