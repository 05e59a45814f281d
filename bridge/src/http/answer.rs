//! Answers that succeed: JSON in Go's bytes, and what is told in headers.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, WARNING};
use http::{HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use workflow_api::to_go_json;

/// Callers' proxies limit the size of headers.
const WARNINGS_MAX: usize = 20;

/// A JSON body as Go's encoder writes it, newline included (EMCO-API §0.2).
pub(super) struct GoJson<T>(pub(super) T);

impl<T: Serialize> IntoResponse for GoJson<T> {
    fn into_response(self) -> Response {
        let mut body = to_go_json(&self.0);
        body.push(b'\n');
        ([(CONTENT_TYPE, "application/json")], body).into_response()
    }
}

/// `Warning` headers for fields that nobody knows (DESIGN §3).
pub(super) fn warnings(unknown: &[String]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for path in unknown.iter().take(WARNINGS_MAX) {
        warn(&mut headers, &format!("unknown field {path}"));
    }
    if unknown.len() > WARNINGS_MAX {
        warn(&mut headers, &format!("{} more unknown fields", unknown.len() - WARNINGS_MAX));
    }
    headers
}

fn warn(headers: &mut HeaderMap, text: &str) {
    let quoted = text.replace('\\', r"\\").replace('"', r#"\""#);
    if let Some(value) = header_value(&format!("299 - \"{quoted}\"")) {
        headers.append(WARNING, value);
    }
}

/// Headers for texts that are not empty. A text that no header can carry is left out.
pub(super) fn headers<const N: usize>(texts: [(HeaderName, &str); N]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        if let Some(value) = header_value(text) {
            headers.insert(name, value);
        }
    }
    headers
}

fn header_value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_bytes(text.as_bytes()).ok()
}

/// What a header cannot carry as it is, and the percent sign, so that there is one way back; as our workflow clients do it.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

/// A text that fits into a header.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The header that names the workflow of a start.
pub(super) const WORKFLOW_ID: HeaderName = HeaderName::from_static("workflow-id");
/// The header that names the run of a start.
pub(super) const RUN_ID: HeaderName = HeaderName::from_static("run-id");

/// A success without a body.
pub(super) const NO_CONTENT: StatusCode = StatusCode::NO_CONTENT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_name_the_fields() {
        let headers = warnings(&["$.spec.foo".to_owned(), "$[\"a b\"]".to_owned()]);
        let values: Vec<_> = headers.get_all(WARNING).iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(values, [r#"299 - "unknown field $.spec.foo""#, r#"299 - "unknown field $[\"a b\"]""#]);
    }

    #[test]
    fn many_warnings_become_few() {
        let unknown: Vec<_> = (0..50).map(|field| format!("$.f{field}")).collect();
        let headers = warnings(&unknown);
        assert_eq!(headers.get_all(WARNING).iter().count(), WARNINGS_MAX + 1);
        assert_eq!(headers.get_all(WARNING).iter().next_back().unwrap(), "299 - \"30 more unknown fields\"");
    }
}
