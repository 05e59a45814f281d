//! A Temporal that refuses the first calls of each method, as one that is busy or has just started does.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use axum::body::Body;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use bridge_core::ports::{Engine, Waited};
use futures::TryStreamExt;
use prost::Message;
use temporalio_common::protos::temporal::api::enums::v1::{EventType, WorkflowExecutionStatus};
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::history::v1::{
    History, HistoryEvent, WorkflowExecutionCancelRequestedEventAttributes,
    WorkflowExecutionCanceledEventAttributes,
};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    GetSystemInfoResponse, GetWorkflowExecutionHistoryResponse, GetWorkflowExecutionHistoryReverseResponse,
};

use super::engine;
use super::newer::{description, framed, run_of};

const REFUSED: u8 = 2;
const UNAVAILABLE: &str = "14";
const RESOURCE_EXHAUSTED: &str = "8";

fn message(method: &str) -> Vec<u8> {
    let requested = HistoryEvent {
        event_id: 1,
        task_id: 1,
        event_type: EventType::WorkflowExecutionCancelRequested.into(),
        attributes: Some(Attributes::WorkflowExecutionCancelRequestedEventAttributes(
            WorkflowExecutionCancelRequestedEventAttributes {
                cause: "no longer wanted".to_owned(),
                ..Default::default()
            },
        )),
        ..Default::default()
    };
    let canceled = HistoryEvent {
        event_id: 2,
        task_id: 2,
        event_type: EventType::WorkflowExecutionCanceled.into(),
        attributes: Some(Attributes::WorkflowExecutionCanceledEventAttributes(
            WorkflowExecutionCanceledEventAttributes::default(),
        )),
        ..Default::default()
    };
    let history = |events| Some(History { events });
    match method {
        "DescribeWorkflowExecution" => description(WorkflowExecutionStatus::Running.into(), 2),
        "GetWorkflowExecutionHistory" => {
            let history = history(vec![requested, canceled]);
            GetWorkflowExecutionHistoryResponse { history, ..Default::default() }.encode_to_vec()
        }
        "GetWorkflowExecutionHistoryReverse" => {
            let history = history(vec![canceled, requested]);
            GetWorkflowExecutionHistoryReverseResponse { history, ..Default::default() }.encode_to_vec()
        }
        other => panic!("{other} is not called"),
    }
}

/// Refuses the first calls of each method with this code.
fn refusing(code: &'static str) -> MethodRouter {
    let calls = Mutex::new(HashMap::new());
    let calls: &Mutex<HashMap<String, u8>> = Box::leak(Box::new(calls));
    post(async move |Path(method): Path<String>| {
        if method == "GetSystemInfo" {
            return framed(&GetSystemInfoResponse::default().encode_to_vec());
        }
        let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
        let before = calls.entry(method.clone()).or_default();
        if *before == REFUSED {
            return framed(&message(&method));
        }
        *before += 1;
        Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", code)
            .body(Body::empty())
            .unwrap()
    })
}

#[tokio::test]
async fn a_wait_outlives_calls_that_are_refused_for_a_moment() -> Result<()> {
    for code in [UNAVAILABLE, RESOURCE_EXHAUSTED] {
        let run = run_of(refusing(code)).await?;
        let waited = engine().wait(&run, Some(Duration::from_secs(60))).await?;
        let Waited::Closed(closed) = waited else { panic!("{waited:?}") };
        let failure = closed.failure.unwrap();
        assert!(failure.message.contains("no longer wanted"), "{failure:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_stream_outlives_calls_that_are_refused_for_a_moment() -> Result<()> {
    for code in [UNAVAILABLE, RESOURCE_EXHAUSTED] {
        let run = run_of(refusing(code)).await?;
        let events: Vec<_> = engine().events(&run, 0).try_collect().await?;
        assert_eq!(events.iter().map(|event| event.event_id).collect::<Vec<_>>(), [1, 2]);
    }
    Ok(())
}
