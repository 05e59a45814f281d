//! Headers that more than one server reads or writes.

use http::{HeaderMap, HeaderName, HeaderValue};
use service::http::headers::{
    IDEMPOTENCY_KEY, IdempotencyKeyError, PREFER, decoded, encoded, idempotency_key, preferred_wait,
    prefers_representation,
};

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
