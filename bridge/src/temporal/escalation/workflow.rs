//! The workflow of an escalation: a timer, and a termination if the run has not ended by then.
//!
//! Who wants to call an escalation off cancels this workflow.
#![expect(missing_debug_implementations, missing_docs, reason = "of the types that the SDK's macro makes")]

use std::time::Duration;

use serde::{Deserialize, Serialize};
use temporalio_common::data_converters::RawValue;
use temporalio_common::error::ApplicationFailure;
use temporalio_common::protos::temporal::api::common::v1::Payloads;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::workflows::select;
use temporalio_sdk::{
    ActivityOptions, CancellableFuture, TimerResult, WorkflowContext, WorkflowResult, WorkflowTermination,
};
use workflow_api::{Namespace, RunId, WorkflowId, WorkflowState};

use super::activities::EscalationActivities;
use crate::temporal::payload;

/// A bridge that is killed is missed after this.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(30);
/// One termination, connecting included.
const TERMINATION: Duration = Duration::from_secs(15);
/// On top of the grace, for the watch.
const MARGIN: Duration = Duration::from_secs(60);

/// What is to end, when, and on whose behalf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    /// The address of the Temporal that holds the run.
    pub temporal_server: String,
    /// Its namespace.
    pub namespace: Namespace,
    /// The workflow.
    #[serde(rename = "workflowID")]
    pub workflow_id: WorkflowId,
    /// The run that was asked to end.
    #[serde(rename = "runID")]
    pub run_id: RunId,
    /// The first run of its chain; a later run of it is meant as well.
    #[serde(rename = "firstRunID")]
    pub first_run_id: RunId,
    /// How long it has, in milliseconds.
    pub grace_ms: u64,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub identity: String,
}

/// How an escalation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    /// Whether the run had to be terminated.
    pub terminated: bool,
    /// How the run ended; none where Temporal does not know it any more.
    pub state: Option<WorkflowState>,
}

/// Terminates a run after its time, unless it ends before.
#[workflow]
#[derive(Debug, Default)]
pub struct EscalateCancel;

#[workflow_methods]
impl EscalateCancel {
    /// Takes an `Order`.
    #[run(name = "EmcoBridgeEscalateCancel")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<Ending> {
        // Any other kind of error would have Temporal repeat the task for ever.
        let order = read(input).map_err(ApplicationFailure::non_retryable)?;
        let grace = Duration::from_millis(order.grace_ms);
        let watching = ActivityOptions::with_start_to_close_timeout(grace.saturating_add(MARGIN))
            .heartbeat_timeout(HEARTBEAT_TIMEOUT)
            .build();
        // Counted from the request, not from when a bridge was there to work on it.
        let since = ctx.info().start_time().zip(ctx.workflow_time());
        let waited = since.and_then(|(start, now)| now.duration_since(start).ok()).unwrap_or_default();
        let mut timer = ctx.timer(grace.saturating_sub(waited));
        let mut watch = ctx.execute_activity(EscalationActivities::await_end, order.clone(), watching);
        let rung = select! {
            rung = timer => rung,
            watched = watch => match watched {
                Ok(ending) => return Ok(ending),
                // Nobody can watch; the timer tells all the same.
                Err(_) => timer.await,
            },
        };
        watch.cancel();
        if rung == TimerResult::Cancelled {
            return Err(WorkflowTermination::cancelled());
        }
        let once = ActivityOptions::start_to_close_timeout(TERMINATION);
        Ok(ctx.execute_activity(EscalationActivities::terminate, order, once).await?)
    }
}

fn read(input: RawValue) -> serde_json::Result<Order> {
    serde_json::from_value(payload::to_json(Some(&Payloads { payloads: input.payloads })))
}
