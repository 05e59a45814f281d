//! What calls about a workflow have in common: the run that is meant, and how the response is to be.

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

/// The parameters of calls about a workflow; `P` are those of one call.
#[derive(Debug)]
pub(crate) struct About<P = ()> {
    /// The run that the query names; each part counts before that of the body.
    run: RunReference,
    /// Makes repeats one request.
    pub(crate) idempotency_key: Option<String>,
    /// Whether the caller prefers a response with a body.
    pub(crate) representation: bool,
    /// The parameters of the call itself.
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
    /// The run that the call means. `body` is what the body names.
    pub(crate) fn addressee(&self, intent: &IntentKey, body: RunReference) -> Addressee {
        Addressee { intent: intent.clone(), run: self.run.clone().or(body) }
    }
}

/// The parameters of calls about a workflow, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `About` reads")]
pub(crate) struct RunParams {
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

/// The response with the body that the caller prefers; without one where there is none.
pub(crate) fn preferred(warnings: HeaderMap, body: Option<impl Serialize>) -> Response {
    match body {
        Some(body) => {
            (warnings, headers([(PREFERENCE_APPLIED, REPRESENTATION)]), GoJson(body)).into_response()
        }
        None => (NO_CONTENT, warnings).into_response(),
    }
}
