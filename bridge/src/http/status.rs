//! `GET …/temporal-workflow-intents/{name}/status`: how a workflow stands (EMCO-API §1.6).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{OriginalUri, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{LOCATION, RETRY_AFTER};
use utoipa::IntoParams;
use workflow_api::WorkflowStatus;

use super::answer::{GoJson, headers};
use super::error::ApiError;
use super::path::{self, IntentPath};
use super::problems::problems;
use super::query::{Params, invalid};
use crate::app::{App, StatusRequest};

const KEYS: [&str; 8] = [
    "temporalServer",
    "workflowID",
    "runID",
    "waitForResult",
    "runDescribeWfExec",
    "getWfHistory",
    "queryType",
    "timeout",
];

problems!(
    Problems,
    [INVALID_PARAMETER, NO_SUCH_INTENT, QUERY_REJECTED, QUERY_FAILED, NO_WORKER],
    TEMPORAL,
    DATABASE
);

/// The parameters of a status call. Names are matched in their own case; of repeated ones the first counts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters that `status_request` reads")]
struct StatusParams {
    /// Temporal's address, `host:port`, quoted or not; the configured server where it is left out.
    #[param(rename = "temporalServer")]
    temporal_server: Option<String>,
    /// The workflow ID; the intent's where it is left out.
    #[param(rename = "workflowID", example = "migrate-apps-1")]
    workflow_id: Option<String>,
    /// The run ID; the latest run where it is left out.
    #[param(rename = "runID")]
    run_id: Option<String>,
    /// Whether to wait for the end of the run, and tell its result or failure.
    #[param(rename = "waitForResult")]
    wait_for_result: Option<bool>,
    /// Whether to tell Temporal's description of the run.
    #[param(rename = "runDescribeWfExec")]
    run_describe_wf_exec: Option<bool>,
    /// Whether to tell the history of the run.
    #[param(rename = "getWfHistory")]
    get_wf_history: Option<bool>,
    /// A query to put to the workflow.
    #[param(rename = "queryType", example = "current-state")]
    query_type: Option<String>,
    /// How long to wait at most: seconds, or text like `1m30s`.
    #[param(example = "30s")]
    timeout: Option<String>,
}

/// Get the status of a workflow
///
/// Answers from Temporal as it is now. With `waitForResult` it answers when the run has ended, or with 202 when the time is up.
#[utoipa::path(
    get,
    path = path::STATUS,
    tag = "workflows",
    params(IntentPath, StatusParams),
    responses(
        (status = 200, description = "The status", body = WorkflowStatus, example = json!({
            "workflowID": "migrate-apps-1", "runID": "019ab1c2-3d4e-7f50-8a1b-2c3d4e5f6071", "workflowState": "Running",
            "workflowExecutionDescription": {}, "workflowQueryResult": "DoDigUpdate",
        })),
        (status = 202, description = "The status of a run that has not ended within `timeout`; ask again", body = WorkflowStatus,
            headers(("Retry-After" = u32, description = "Seconds"), ("Location" = String, description = "What to ask again"))),
        Problems,
    ),
)]
pub(super) async fn intent_status(
    State(app): State<Arc<App>>,
    Path(path): Path<IntentPath>,
    RawQuery(query): RawQuery,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let report = app.status(&path.into(), &status_request(query.as_deref())?).await?;
    if report.unfinished {
        let again = headers([(RETRY_AFTER, "1"), (LOCATION, &uri.to_string())]);
        Ok((StatusCode::ACCEPTED, again, GoJson(report.status)).into_response())
    } else {
        Ok(GoJson(report.status).into_response())
    }
}

fn status_request(query: Option<&str>) -> Result<StatusRequest, ApiError> {
    let params = Params::read(query)?.only(&KEYS)?;
    Ok(StatusRequest {
        temporal_server: unquoted(params.text("temporalServer")).to_owned(),
        workflow_id: params.text("workflowID").into(),
        run_id: params.text("runID").into(),
        wait: params.flag("waitForResult")?,
        timeout: timeout(params.text("timeout"))?,
        describe: params.flag("runDescribeWfExec")?,
        history: params.flag("getWfHistory")?,
        query_type: params.text("queryType").to_owned(),
    })
}

/// emcoctl's own sample puts quotes around the address; one at either end is taken off, each for itself.
fn unquoted(text: &str) -> &str {
    let text = text.strip_prefix(['"', '\'']).unwrap_or(text);
    text.strip_suffix(['"', '\'']).unwrap_or(text)
}

fn timeout(text: &str) -> Result<Option<Duration>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let duration = match text.parse::<u32>() {
        Ok(seconds) => Ok(Duration::from_secs(seconds.into())),
        Err(_) => service::settings::duration(text),
    };
    duration
        .map(Some)
        .map_err(|_| invalid("timeout", &format!("is `{text}`: write seconds, or text like 30s or 1m30s")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emcoctls_own_query_is_read() {
        let query = "workflowID=migrate-apps-1&runDescribeWfExec=true&waitForResult=false&getWfHistory=false\
                     &temporalServer='192.168.0.33:7233'&queryType=current-state";
        let expected = StatusRequest {
            temporal_server: "192.168.0.33:7233".to_owned(),
            workflow_id: "migrate-apps-1".into(),
            describe: true,
            query_type: "current-state".to_owned(),
            ..StatusRequest::default()
        };
        assert_eq!(status_request(Some(query)).unwrap(), expected);
        assert_eq!(status_request(Some(&query.replace('\'', "%22"))).unwrap(), expected);
    }

    #[test]
    fn one_quote_at_either_end_is_taken_off() {
        for text in ["a:1", "\"a:1\"", "'a:1'", "\"a:1", "a:1'", "'a:1\""] {
            assert_eq!(unquoted(text), "a:1", "{text}");
        }
    }

    #[test]
    fn timeouts_are_seconds_or_text() {
        for (text, seconds) in [("5", 5.0), ("0", 0.0), ("1m30s", 90.0), ("250ms", 0.25)] {
            assert_eq!(timeout(text).unwrap(), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        assert_eq!(timeout("").unwrap(), None);
        for text in ["soon", "-1", "-1s", "5 parsecs"] {
            assert_eq!(timeout(text).unwrap_err().problem().extensions["parameter"], "timeout", "{text}");
        }
    }
}
