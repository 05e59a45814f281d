//! What a caller asks for: the body, and the headers that say how.

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{Query, Request};
use axum::http::{HeaderMap, HeaderName, Uri};
use axum::response::IntoResponse;
use serde::Deserialize;
use service::fields::FieldValidation;
use service::problem::ProblemResponse;
use workflow_api::{Problem, TemporalSpec, read};

use super::problem::{of_body, unknown_fields};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Temporal takes request IDs of up to 1,000 bytes; a key that long is a mistake.
const MAX_KEY: usize = 255;

/// A request to start a workflow, read and checked.
#[derive(Debug)]
pub(super) struct StartCall {
    pub(super) spec: TemporalSpec,
    /// JSON paths to be named in `Warning` headers.
    pub(super) unknown_fields: Vec<String>,
    pub(super) idempotency_key: Option<String>,
    /// `Prefer: return=representation`.
    pub(super) wants_body: bool,
}

impl StartCall {
    /// Reads the request.
    pub(super) async fn read(request: Request) -> Result<Self, ProblemResponse> {
        let validation = field_validation(request.uri())?;
        let idempotency_key = idempotency_key(request.headers())?;
        let wants_body = wants_body(request.headers());
        let body = body(request).await?;
        let read = read::<TemporalSpec>(&body).map_err(of_body)?;
        let unknown_fields = validation.of(read.unknown).map_err(unknown_fields)?;
        Ok(Self { spec: read.value, unknown_fields, idempotency_key, wants_body })
    }
}

/// Keys other than `fieldValidation` are none of our business, as EMCO's client reads no query.
fn field_validation(uri: &Uri) -> Result<FieldValidation, ProblemResponse> {
    #[derive(Deserialize)]
    struct Keys {
        #[serde(rename = "fieldValidation")]
        validation: Option<String>,
    }
    let keys = Query::<Keys>::try_from_uri(uri).ok().map(|Query(keys)| keys.validation);
    match keys {
        Some(None) => Some(FieldValidation::default()),
        Some(Some(text)) => text.parse().ok(),
        None => None,
    }
    .ok_or_else(|| {
        Problem::new(400, "invalid_query", "`fieldValidation` is one of `Ignore`, `Warn` and `Strict`").into()
    })
}

/// A body that does not come whole is told of by the layer that every server has.
async fn body(request: Request) -> Result<Bytes, ProblemResponse> {
    let body = request.extract::<Bytes, _>().await;
    body.map_err(|rejection| super::problem::of_rejection(rejection.into_response().status()))
}

/// The key that names this start, so that a repeat leads to the same run. Bare, or quoted as the header's draft
/// standard has it.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ProblemResponse> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let text = key.to_str().unwrap_or_default().trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let sound = (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if sound && keys.next().is_none() {
        Ok(Some(text.to_owned()))
    } else {
        let detail =
            format!("write one `Idempotency-Key` of 1 to {MAX_KEY} visible ASCII characters, such as a UUID");
        Err(Problem::new(400, "invalid_idempotency_key", detail).into())
    }
}

/// Whether the caller prefers an answer with a body (RFC 7240 §4.2).
fn wants_body(headers: &HeaderMap) -> bool {
    headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        // Parameters after `;` are of other preferences.
        .filter_map(|preference| preference.split(';').next()?.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("return"))
        .is_some_and(|(_, value)| value.trim().trim_matches('"').eq_ignore_ascii_case("representation"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

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
            (&["respond-async", "return=representation"], true),
            (&["return=minimal"], false),
            (&["return=minimal, return=representation"], false),
            (&["representation"], false),
        ] {
            assert_eq!(wants_body(&headers(PREFER, values)), wants, "{values:?}");
        }
    }

    #[test]
    fn warnings_are_the_default() {
        let of = |uri: &str| field_validation(&uri.parse().unwrap()).ok();
        assert_eq!(of("/invoke/a"), Some(FieldValidation::Warn));
        assert_eq!(of("/invoke/a?other=1"), Some(FieldValidation::Warn));
        assert_eq!(of("/invoke/a?fieldValidation=Strict"), Some(FieldValidation::Strict));
        for query in ["strict", "", "Warn&fieldValidation=Strict"] {
            assert_eq!(of(&format!("/invoke/a?fieldValidation={query}")), None, "{query}");
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
            let refusal = idempotency_key(&headers(IDEMPOTENCY_KEY, values)).unwrap_err();
            assert_eq!(refusal.problem().code, "invalid_idempotency_key", "{values:?}");
        }
        let mut latin = HeaderMap::new();
        latin.insert(IDEMPOTENCY_KEY, HeaderValue::from_bytes(b"k\xe9y").unwrap());
        assert!(idempotency_key(&latin).is_err());
    }
}
