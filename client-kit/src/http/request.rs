//! Reads a request: its body, and its headers.

use axum::extract::{Query, Request};
use axum::http::Uri;
use serde::Deserialize;
use service::fields::FieldValidation;
use service::heavy_body;
use service::http::headers::{idempotency_key, prefers_representation};
use service::problem::ProblemResponse;
use sha2::{Digest, Sha256};
use workflow_api::read::Spelling;
use workflow_api::{Problem, TemporalSpec, read};

use super::problem::{incomplete, of_body, unknown_fields};
use crate::context::Key;

/// A request to start a workflow, read and validated.
#[derive(Debug)]
pub(super) struct StartCall {
    pub(super) spec: TemporalSpec,
    /// JSON paths for `Warning` headers.
    pub(super) unknown_fields: Vec<String>,
    /// How the other fields were written, for the paths of faults.
    pub(super) spelling: Spelling,
    pub(super) key: Option<Key>,
    /// `Prefer: return=representation`.
    pub(super) wants_body: bool,
}

impl StartCall {
    /// Reads the request.
    pub(super) async fn read(request: Request) -> Result<Self, ProblemResponse> {
        let validation = field_validation(request.uri())?;
        let key = idempotency_key(request.headers())
            .map_err(|error| Problem::new(400, "invalid_idempotency_key", error.to_string()))?;
        let wants_body = prefers_representation(request.headers());
        let has_key = key.is_some();
        let read = heavy_body(request.into_body(), move |body| {
            (has_key.then(|| fingerprint(body)), read::<TemporalSpec>(body))
        });
        let (fingerprint, read) = read.await.map_err(incomplete)?;
        let key = key.zip(fingerprint).map(|(text, fingerprint)| Key { text, fingerprint });
        let read = read.map_err(of_body)?;
        let unknown_fields = validation.of(read.unknown).map_err(unknown_fields)?;
        Ok(Self { spec: read.value, unknown_fields, spelling: read.spelling, key, wants_body })
    }
}

fn fingerprint(body: &[u8]) -> String {
    format!("{:x}", Sha256::digest(body.trim_ascii()))
}

/// Keys other than `fieldValidation` are ignored, because EMCO's client reads no query.
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
        Problem::new(400, "invalid_query", "`fieldValidation` must be `Ignore`, `Warn` or `Strict`").into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
