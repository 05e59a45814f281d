//! The parts that all calls about a workflow share: the run, and the form of the response.

use axum::response::{IntoResponse, Response};
use bridge_core::Addressee;
use bridge_core::model::IntentKey;
use http::HeaderMap;
use serde::Serialize;
use service::http::headers::{PREFERENCE_APPLIED, REPRESENTATION, prefers_representation};
use utoipa::IntoParams;
use workflow_api::RunReference;

use crate::problem::ApiError;
use crate::wire::answer::{GoJson, NO_CONTENT, headers};
use crate::wire::call::CallParams;
use crate::wire::params::{Params, idempotency_key};

/// Parameters of calls about a workflow. `P` are the parameters of one kind of call.
#[derive(Debug)]
pub(crate) struct About<P = ()> {
    /// The run that the query names. Each part of it takes precedence over the body.
    run: RunReference,
    /// The key under which repeats are one request.
    pub(crate) idempotency_key: Option<String>,
    /// Whether the caller prefers a response with a body.
    pub(crate) representation: bool,
    /// The parameters of this kind of call.
    pub(crate) own: P,
}

impl<P: CallParams> CallParams for About<P> {
    fn known() -> Vec<&'static str> {
        let mut known = vec!["temporalServer", "namespace", "workflowID", "runID"];
        known.extend(P::known());
        known
    }

    fn read(params: &Params, headers: &HeaderMap) -> Result<Self, ApiError> {
        Ok(Self {
            run: RunReference {
                temporal_server: params.text("temporalServer").to_owned(),
                namespace: params.text("namespace").into(),
                workflow_id: params.text("workflowID").into(),
                run_id: params.text("runID").into(),
            },
            idempotency_key: idempotency_key(headers)?,
            representation: prefers_representation(headers),
            own: P::read(params, headers)?,
        })
    }
}

impl<P> About<P> {
    /// Returns the run that the call is about. `body` is the run that the body names.
    pub(crate) fn addressee(&self, intent: &IntentKey, body: RunReference) -> Addressee {
        Addressee { intent: intent.clone(), run: self.run.clone().or(body) }
    }
}

/// Parameters of calls about a workflow, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `About` reads")]
pub(crate) struct RunParams {
    /// Temporal's address. It takes precedence over the one in the body.
    #[param(rename = "temporalServer", example = "temporal-frontend.temporal:7233")]
    temporal_server: Option<String>,
    /// The namespace. It takes precedence over the one in the body.
    #[param(example = "default")]
    namespace: Option<String>,
    /// The workflow. It takes precedence over the one in the body. Default: the intent's workflow.
    #[param(rename = "workflowID", example = "migrate-apps-1")]
    workflow_id: Option<String>,
    /// The run. It takes precedence over the one in the body. Default: the latest run.
    #[param(rename = "runID", example = "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071")]
    run_id: Option<String>,
}

/// Returns the response that the caller prefers: with this body, or without one.
pub(crate) fn preferred(warnings: HeaderMap, body: Option<impl Serialize>) -> Response {
    match body {
        Some(body) => {
            (warnings, headers([(PREFERENCE_APPLIED, REPRESENTATION)]), GoJson(body)).into_response()
        }
        None => (NO_CONTENT, warnings).into_response(),
    }
}
