//! The starts that a schedule has noted in its history.
//!
//! Temporal describes a schedule with its last ten starts, and with the runs whose end it waits for. Of runs beside
//! each other it waits for none. So when many of them start at once, as after an outage, most are not described. But in
//! Temporal a schedule is a workflow itself, and its history has each start. (Temporal's newer schedules are none, but
//! are described with all runs that have not ended.)

use std::time::Duration;

use bridge_core::model::WorkflowRun;
use bridge_core::ports::EngineError;
use prost::Message;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use workflow_api::RunId;

use crate::history::{self, LARGEST, Order};
use crate::rpc::Session;
use crate::servers::Servers;

/// The type of what a schedule notes of a start.
const STARTED: &[u8] = b"temporal.server.api.schedule.v1.StartWorkflowResponse";
/// How many pages are read: over a thousand starts.
const PAGES: usize = 40;

/// The part that is read of what a schedule notes of a start.
#[derive(Clone, PartialEq, Message)]
struct Started {
    #[prost(string, tag = "1")]
    run_id: String,
}

/// Returns the workflow that is this schedule.
pub(super) fn scheduler(home: WorkflowRun, schedule_id: &str) -> WorkflowRun {
    WorkflowRun { workflow_id: format!("temporal-sys-scheduler:{schedule_id}").into(), ..home }
}

/// Returns whether the schedule has noted that it has started this run. Reads from the end, where the start is if it
/// happened just now.
pub(super) async fn has_noted(
    servers: &Servers,
    scheduler: &WorkflowRun,
    run_id: &RunId,
    bound: Duration,
) -> Result<bool, EngineError> {
    let session = Session::new(servers, scheduler)?;
    let (mut part, mut token) = (RunId::default(), Vec::new());
    for _ in 0..PAGES {
        let page = history::page(&session, &part, Order::Backward, token, LARGEST, bound).await;
        let (events, next) = match page {
            Err(EngineError::NoSuchWorkflow { .. }) => return Ok(false),
            page => page?,
        };
        if events.iter().any(|event| is_start_of(event, run_id)) {
            return Ok(true);
        }
        if next.is_empty() {
            // From time to time Temporal continues a schedule with an empty history.
            match events.last().and_then(continued) {
                Some(before) => part = before,
                None => return Ok(false),
            }
        }
        token = next;
    }
    Ok(false)
}

fn is_start_of(event: &HistoryEvent, run_id: &RunId) -> bool {
    let Some(Attributes::MarkerRecordedEventAttributes(marker)) = &event.attributes else { return false };
    let result = marker.details.get("result").map_or(&[][..], |result| &result.payloads);
    result
        .iter()
        .filter(|payload| payload.metadata.get("messageType").is_some_and(|kind| kind == STARTED))
        .filter_map(|payload| Started::decode(payload.data.as_slice()).ok())
        .any(|started| started.run_id == run_id.as_str())
}

fn continued(first: &HistoryEvent) -> Option<RunId> {
    match &first.attributes {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(started))
            if !started.continued_execution_run_id.is_empty() =>
        {
            Some(started.continued_execution_run_id.as_str().into())
        }
        _ => None,
    }
}
