//! A Temporal that takes its time for each page of a history.

use std::time::Duration;

use anyhow::Result;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::post;
use bridge_core::ports::{Engine, HistoryRequest};
use bridge_temporal::Bounds;
use prost::Message;
use temporalio_common::protos::temporal::api::history::v1::{History, HistoryEvent};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    GetSystemInfoResponse, GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryResponse,
};

use super::engine_with;
use super::newer::{framed, run_of};

const PAGES: u8 = 6;
/// Several pages take longer than one call may.
const CALL: Duration = Duration::from_secs(2);
const PAGE: Duration = Duration::from_millis(500);

async fn answer(Path(method): Path<String>, body: Bytes) -> Response {
    if method == "GetSystemInfo" {
        return framed(&GetSystemInfoResponse::default().encode_to_vec());
    }
    tokio::time::sleep(PAGE).await;
    // After the flag and the length of the frame.
    let request = GetWorkflowExecutionHistoryRequest::decode(&body[5..]).unwrap();
    let number = request.next_page_token.first().map_or(1, |number| number + 1);
    let event = HistoryEvent { event_id: number.into(), task_id: 1, ..HistoryEvent::default() };
    let next_page_token = if number < PAGES { vec![number] } else { Vec::new() };
    let history = Some(History { events: vec![event] });
    framed(
        &GetWorkflowExecutionHistoryResponse { history, next_page_token, ..Default::default() }
            .encode_to_vec(),
    )
}

#[tokio::test]
async fn a_history_may_take_longer_than_each_of_its_pages() -> Result<()> {
    let engine = engine_with(Bounds { call: CALL, ..Bounds::default() });
    let run = run_of(post(answer)).await?;
    let request = HistoryRequest { page_size: Some(PAGES.into()), ..HistoryRequest::default() };
    let history = engine.history(&run, &request).await?;
    assert_eq!(history.events.len(), usize::from(PAGES));
    assert_eq!(history.next, None);
    Ok(())
}
