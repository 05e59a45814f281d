//! The workflow of an escalation: a timer, and a termination unless the run has ended by then.
//!
//! To stop an escalation, cancel this workflow.
#![expect(missing_debug_implementations, missing_docs, reason = "of the types that the SDK's macro makes")]

use std::time::Duration;

use temporalio_common::data_converters::RawValue;
use temporalio_common::error::ApplicationFailure;
use temporalio_common::protos::temporal::api::common::v1::Payloads;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::workflows::select;
use temporalio_sdk::{
    ActivityOptions, CancellableFuture, TimerResult, WorkflowContext, WorkflowResult, WorkflowTermination,
};

use super::activities::EscalationActivities;
use super::order::{Ending, Order};
use crate::payload;

/// After this time, Temporal notices that a bridge was killed.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(30);
/// Timeout of one termination, including the connection.
const TERMINATION: Duration = Duration::from_secs(15);
/// Additional time of the watch, beyond the grace.
const MARGIN: Duration = Duration::from_secs(60);

/// Terminates a run after a delay, unless it ends before.
#[workflow]
#[derive(Debug, Default)]
pub struct EscalateCancel;

#[workflow_methods]
impl EscalateCancel {
    /// Runs the workflow. Its input is an `Order`.
    #[run(name = "EmcoBridgeEscalateCancel")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<Ending> {
        // After any other kind of error, Temporal would retry the task forever.
        let order = read(input).map_err(ApplicationFailure::non_retryable)?;
        let grace = Duration::from_millis(order.grace_ms);
        let watching = ActivityOptions::with_start_to_close_timeout(grace.saturating_add(MARGIN))
            .heartbeat_timeout(HEARTBEAT_TIMEOUT)
            .build();
        // Counted from the request, not from the time when a bridge began to work on it.
        let since = ctx.info().start_time().zip(ctx.workflow_time());
        let waited = since.and_then(|(start, now)| now.duration_since(start).ok()).unwrap_or_default();
        let mut timer = ctx.timer(grace.saturating_sub(waited));
        let mut watch = ctx.execute_activity(EscalationActivities::await_end, order.clone(), watching);
        let rung = select! {
            rung = timer => rung,
            watched = watch => match watched {
                Ok(ending) => return Ok(ending),
                // The watch failed; only the timer is left.
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
    serde_json::from_str(payload::to_json(Some(&Payloads { payloads: input.payloads })).as_str())
}
