//! Requests that wait. They last long and cost little, so they have a limit of their own.

use axum::extract::Request;
use http::header::ACCEPT;
use http::{HeaderName, header::AsHeaderName};

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Returns whether the request waits for an event, or until a timeout.
pub fn is_wait(request: &Request) -> bool {
    request.uri().query().is_some_and(|query| query.split('&').any(asks_to_wait))
        || has(request, PREFER, "wait=")
        || has(request, ACCEPT, "text/event-stream")
}

fn asks_to_wait(parameter: &str) -> bool {
    matches!(
        parameter.split_once('='),
        Some(("wait", _) | ("waitForResult", "1" | "t" | "T" | "true" | "True" | "TRUE"))
    )
}

fn has(request: &Request, header: impl AsHeaderName, words: &str) -> bool {
    let mut values = request.headers().get_all(header).iter().filter_map(|value| value.to_str().ok());
    values.any(|value| value.to_ascii_lowercase().contains(words))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

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
}
