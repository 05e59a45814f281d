//! The parts that all calls about a workflow share: the run, and the form of the response.

use axum::response::{IntoResponse, Response};
use bridge_core::Addressee;
use bridge_core::model::IntentKey;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use service::http::headers::{PREFERENCE_APPLIED, REPRESENTATION};
use utoipa::IntoParams;
use workflow_api::RunReference;

use crate::wire::answer::{GoJson, NO_CONTENT, headers};
use crate::wire::params::Skip;

/// The run that a call is about. Each parameter takes precedence over the body.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunParams {
    /// Temporal's address, `host:port`, with or without quotes. It takes precedence over the one in a body.
    /// Default: the configured server.
    #[param(value_type = Option<String>, example = "temporal-frontend.temporal:7233")]
    temporal_server: String,
    /// Temporal's namespace. It takes precedence over the one in a body. Default: the configured one.
    #[param(value_type = Option<String>, example = "default")]
    namespace: String,
    /// The workflow ID. It takes precedence over the one in a body. Default: the intent's, or the one of its
    /// latest start if each start makes its own.
    #[serde(rename = "workflowID")]
    #[param(value_type = Option<String>, example = "migrate-apps-1")]
    workflow_id: String,
    /// The run ID. It takes precedence over the one in a body. Default: the latest run.
    #[serde(rename = "runID")]
    #[param(value_type = Option<String>, example = "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071")]
    pub(crate) run_id: String,
}

/// Whether the workflow client checks what is sent.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct CheckParam {
    /// `Skip`: send it without asking the workflow client whether it fits.
    #[param(value_type = Option<String>, pattern = "^Skip$", example = "Skip")]
    client_check: Option<Skip>,
}

impl CheckParam {
    /// Whether it is sent without a check.
    pub(crate) fn skips(&self) -> bool {
        self.client_check.is_some()
    }
}

impl RunParams {
    /// Returns the run that the call is about. `body` is the run that the body names.
    pub(crate) fn addressee(self, intent: &IntentKey, body: RunReference) -> Addressee {
        let named = RunReference {
            temporal_server: unquoted(&self.temporal_server).to_owned(),
            namespace: self.namespace.into(),
            workflow_id: self.workflow_id.into(),
            run_id: self.run_id.into(),
        };
        Addressee { intent: intent.clone(), run: named.or(body) }
    }
}

/// Removes a quote at either end, because emcoctl's own sample puts quotes around the address.
fn unquoted(text: &str) -> &str {
    let text = text.strip_prefix(['"', '\'']).unwrap_or(text);
    text.strip_suffix(['"', '\'']).unwrap_or(text)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_quote_at_either_end_is_taken_off() {
        for text in ["a:1", "\"a:1\"", "'a:1'", "\"a:1", "a:1'", "'a:1\""] {
            assert_eq!(unquoted(text), "a:1", "{text}");
        }
    }
}
