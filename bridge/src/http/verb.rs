//! What the verbs about a workflow have in common: an intent, a body that may be left out, and who asks.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Serialize;

use super::answer::{GoJson, NO_CONTENT, headers};
use super::path::IntentPath;
use super::prefer::{self, PREFERENCE_APPLIED, REPRESENTATION};
use super::query::Params;
use super::start::idempotency_key;
use crate::app::{App, Caller, FieldValidation};
use crate::intent::IntentKey;

/// A request to do something with a workflow.
#[derive(Debug)]
pub(super) struct Verb {
    /// The intent that it belongs to.
    pub(super) intent: IntentKey,
    /// The query parameters.
    pub(super) params: Params,
    /// What to do about unknown fields of the body.
    pub(super) fields: FieldValidation,
    /// Makes repeats one request.
    pub(super) idempotency_key: Option<String>,
    /// Whether an answer with a body is preferred where there need not be one.
    pub(super) representation: bool,
    /// Who asks.
    pub(super) caller: Caller,
    /// What for.
    pub(super) body: Bytes,
}

impl FromRequest<Arc<App>> for Verb {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let path = Path::<IntentPath>::from_request_parts(&mut parts, app).await;
        let Path(path) = path.map_err(IntoResponse::into_response)?;
        let Ok(caller) = Caller::from_request_parts(&mut parts, app).await;
        let params = Params::read(parts.uri.query()).map_err(IntoResponse::into_response)?;
        let fields = params.parsed("fieldValidation").map_err(IntoResponse::into_response)?;
        let idempotency_key = idempotency_key(&parts.headers).map_err(IntoResponse::into_response)?;
        let representation = prefer::representation(&parts.headers);
        let body = Bytes::from_request(Request::from_parts(parts, body), app).await;
        Ok(Self {
            intent: path.into(),
            params,
            fields: fields.unwrap_or_default(),
            idempotency_key,
            representation,
            caller,
            body: body.map_err(IntoResponse::into_response)?,
        })
    }
}

/// An answer with the body that was preferred.
pub(super) fn preferred(warnings: HeaderMap, body: impl Serialize) -> Response {
    (warnings, headers([(PREFERENCE_APPLIED, REPRESENTATION)]), GoJson(body)).into_response()
}

/// An answer without a body.
pub(super) fn done(warnings: HeaderMap) -> Response {
    (NO_CONTENT, warnings).into_response()
}
