//! A Temporal that is newer than the bridge: its numbers have no names here yet.

use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use bridge_core::model::WorkflowRun;
use bridge_core::ports::{Engine, HistoryRequest, Waited};
use futures::StreamExt;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http_body_util::{BodyExt, Full};
use prost::Message;
use serde_json::Value;
use service::http::{Options, serve};
use service::shutdown::Shutdown;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::history::v1::{History, HistoryEvent};
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionResponse, GetSystemInfoResponse, GetWorkflowExecutionHistoryResponse,
};
use tokio::net::TcpListener;
use workflow_api::WorkflowState;

use super::{engine, target};

const STATE: i32 = 42;
const EVENT: i32 = 999;

fn message(method: &str) -> Vec<u8> {
    match method {
        "GetSystemInfo" => GetSystemInfoResponse::default().encode_to_vec(),
        "DescribeWorkflowExecution" => description(STATE, 1),
        "GetWorkflowExecutionHistory" => {
            let event = HistoryEvent { event_id: 1, task_id: 1, event_type: EVENT, ..Default::default() };
            let history = Some(History { events: vec![event] });
            GetWorkflowExecutionHistoryResponse { history, ..Default::default() }.encode_to_vec()
        }
        other => panic!("{other} is not called"),
    }
}

/// Returns the description of a run with this status and so many events.
pub(super) fn description(status: i32, history_length: i64) -> Vec<u8> {
    let execution = Some(WorkflowExecution { workflow_id: "w".to_owned(), run_id: "r".to_owned() });
    let info = WorkflowExecutionInfo { execution, status, history_length, ..Default::default() };
    DescribeWorkflowExecutionResponse { workflow_execution_info: Some(info), ..Default::default() }
        .encode_to_vec()
}

async fn answer(Path(method): Path<String>) -> Response {
    framed(&message(&method))
}

/// Returns the response of a server of gRPC with this message.
pub(super) fn framed(message: &[u8]) -> Response {
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend(message);
    let ok = HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static("0"))]);
    let body = Full::new(Bytes::from(frame)).with_trailers(std::future::ready(Some(Ok(ok))));
    Response::builder().header(CONTENT_TYPE, "application/grpc").body(Body::new(body)).unwrap()
}

async fn run_of_a_newer_server() -> Result<WorkflowRun> {
    run_of(post(answer)).await
}

/// Returns a run of a server that answers each method by this handler, which gets its name in the path.
pub(super) async fn run_of(methods: MethodRouter) -> Result<WorkflowRun> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let target = target(&listener.local_addr()?.to_string());
    let routes = Router::new().route("/temporal.api.workflowservice.v1.WorkflowService/{method}", methods);
    tokio::spawn(async move {
        let shutdown = Shutdown::new(Duration::ZERO);
        serve(listener, routes, &shutdown, Options::default()).await
    });
    Ok(WorkflowRun { target, workflow_id: "w".into(), run_id: "r".into() })
}

#[tokio::test]
async fn unknown_states_and_events_are_numbers() -> Result<()> {
    let (engine, run) = (engine(), run_of_a_newer_server().await?);
    let described = engine.describe(&run).await?;
    assert_eq!(described.outline.state, WorkflowState::Other(STATE));
    let json: Value = serde_json::from_str(described.json.as_str())?;
    assert_eq!(json["workflowExecutionInfo"]["status"], STATE);

    let history = engine.history(&run, &HistoryRequest::default()).await?;
    let event: Value = serde_json::from_str(history.events[0].as_str())?;
    assert_eq!(event["eventType"], EVENT);
    let followed = engine.events(&run, 0).next().await.unwrap()?;
    assert_eq!((followed.event_id, followed.close.clone()), (1, None));
    Ok(())
}

#[tokio::test]
async fn unknown_states_and_events_end_no_wait() -> Result<()> {
    let (engine, run) = (engine(), run_of_a_newer_server().await?);
    let waited = engine.wait(&run, Some(Duration::from_millis(300))).await?;
    assert_eq!(waited, Waited::StillOpen { run_id: "r".into(), state: WorkflowState::Other(STATE) });
    Ok(())
}
