//! What the verbs about a workflow have in common: an intent, a body, and who asks.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Serialize;
use utoipa::IntoParams;
use workflow_api::RunReference;

use super::answer::{GoJson, NO_CONTENT, headers};
use super::error::ApiError;
use super::path::IntentPath;
use super::prefer::{self, PREFERENCE_APPLIED, REPRESENTATION};
use super::query::Params;
use super::start::idempotency_key;
use crate::app::{Addressee, App, Caller, FieldValidation};

/// The query parameters of one verb, beside those of all.
pub(super) trait VerbParams: Sized {
    /// Their names.
    const KNOWN: &'static [&'static str];

    fn read(params: &Params) -> Result<Self, ApiError>;
}

/// A verb has none.
impl VerbParams for () {
    const KNOWN: &'static [&'static str] = &[];

    fn read(_: &Params) -> Result<Self, ApiError> {
        Ok(())
    }
}

/// The query parameters of all verbs.
const KNOWN: [&str; 5] = ["fieldValidation", "temporalServer", "namespace", "workflowID", "runID"];

/// A request to do something with a workflow.
#[derive(Debug)]
pub(super) struct Verb<P = ()> {
    /// The intent that it belongs to, and the run that the query names.
    pub(super) to: Addressee,
    /// The query parameters of this verb.
    pub(super) params: P,
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

impl<P: VerbParams> FromRequest<Arc<App>> for Verb<P> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let path = Path::<IntentPath>::from_request_parts(&mut parts, app).await;
        let Path(path) = path.map_err(IntoResponse::into_response)?;
        let Ok(caller) = Caller::from_request_parts(&mut parts, app).await;
        // A typing error must not change what is done.
        let params =
            Params::read(parts.uri.query()).and_then(|params| params.only(&[&KNOWN, P::KNOWN].concat()));
        let params = params.map_err(IntoResponse::into_response)?;
        let fields = params.parsed("fieldValidation").map_err(IntoResponse::into_response)?;
        let run = RunReference {
            temporal_server: params.text("temporalServer").to_owned(),
            namespace: params.text("namespace").into(),
            workflow_id: params.text("workflowID").into(),
            run_id: params.text("runID").into(),
        };
        let idempotency_key = idempotency_key(&parts.headers).map_err(IntoResponse::into_response)?;
        let representation = prefer::representation(&parts.headers);
        let body = Bytes::from_request(Request::from_parts(parts, body), app).await;
        Ok(Self {
            to: Addressee { intent: path.into(), run },
            params: P::read(&params).map_err(IntoResponse::into_response)?,
            fields: fields.unwrap_or_default(),
            idempotency_key,
            representation,
            caller,
            body: body.map_err(IntoResponse::into_response)?,
        })
    }
}

/// The parameters of all verbs.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `Verb` reads")]
pub(super) struct RunParams {
    /// Temporal's address, as in the body; what stands here counts before the body.
    #[param(rename = "temporalServer", example = "temporal-frontend.temporal:7233")]
    temporal_server: Option<String>,
    /// The namespace, as in the body.
    #[param(example = "default")]
    namespace: Option<String>,
    /// The workflow, as in the body; the intent's own where it is absent in both.
    #[param(rename = "workflowID", example = "migrate-apps-1")]
    workflow_id: Option<String>,
    /// The run, as in the body; the latest where it is absent in both.
    #[param(rename = "runID", example = "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071")]
    run_id: Option<String>,
}

/// An answer with the body that was preferred.
pub(super) fn preferred(warnings: HeaderMap, body: impl Serialize) -> Response {
    (warnings, headers([(PREFERENCE_APPLIED, REPRESENTATION)]), GoJson(body)).into_response()
}

/// An answer without a body.
pub(super) fn done(warnings: HeaderMap) -> Response {
    (NO_CONTENT, warnings).into_response()
}
