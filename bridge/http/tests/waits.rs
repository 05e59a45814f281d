//! Which requests count as waits.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use axum::body::Body;
use axum::extract::Request;
use bridge_http::is_wait;

fn request(uri: &str, header: Option<(&str, &str)>) -> Request {
    let builder = Request::get(uri);
    let builder = match header {
        Some((name, value)) => builder.header(name, value),
        None => builder,
    };
    builder.body(Body::empty()).unwrap()
}

#[test]
fn waits_are_distinguished_from_other_requests() {
    for (uri, header) in [
        ("/status?waitForResult=true", None),
        ("/status?queryType=q&waitForResult=1", None),
        ("/cancel?wait=30s", None),
        ("/status", Some(("prefer", "respond-async, Wait=10"))),
        ("/status", Some(("accept", "text/event-stream"))),
    ] {
        assert!(is_wait(&request(uri, header)), "{uri} {header:?}");
    }
    for (uri, header) in [
        ("/status", None),
        ("/status?waitForResult=false&timeout=5", None),
        ("/status?queryType=waitForResult=true", Some(("prefer", "return=representation"))),
        ("/status", Some(("accept", "application/json"))),
    ] {
        assert!(!is_wait(&request(uri, header)), "{uri} {header:?}");
    }
}
