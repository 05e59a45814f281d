//! The workflow that a schedule starts: it starts the intent, and follows the intent's run.
#![expect(missing_debug_implementations, missing_docs, reason = "of the types that the SDK's macro makes")]

use std::pin::pin;
use std::time::Duration;

use futures::FutureExt;
use temporalio_common::data_converters::RawValue;
use temporalio_common::error::ApplicationFailure;
use temporalio_common::protos::temporal::api::common::v1::Payloads;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::workflows::select;
use temporalio_sdk::{
    ActivityCloseTimeouts, ActivityOptions, WorkflowCancellationToken, WorkflowContext, WorkflowResult,
    WorkflowTermination,
};
use workflow_api::WorkflowState;

use super::activities::ScheduleActivities;
use super::order::{Ended, Order};
use crate::payload;

/// Timeout of one try to start the intent: longer than the bridge waits for a workflow client.
const ONE_START: Duration = Duration::from_secs(90);
/// How long the start is tried.
const ALL_STARTS: Duration = Duration::from_secs(3600);
/// After this time, Temporal notices that a bridge was killed.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest time for which a run is followed: one year.
const FOLLOW_TIME: Duration = Duration::from_secs(365 * 24 * 3600);
/// Timeout of one try to stop the run.
const ONE_STOP: Duration = Duration::from_secs(15);

/// Starts an intent for one time of a schedule, and follows its run.
#[workflow]
#[derive(Debug, Default)]
pub struct ScheduledStart;

#[workflow_methods]
impl ScheduledStart {
    /// Runs the workflow. Its input is an `Order`.
    #[run(name = "EmcoBridgeScheduledStart")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<Ended> {
        // After any other kind of error, Temporal would retry the task forever.
        let order = read(input).map_err(ApplicationFailure::non_retryable)?;
        // A cancellation must not leave a run that nobody follows, so it waits for the start.
        let starting = ActivityOptions::with_close_timeouts(ActivityCloseTimeouts::ScheduleAndStartToClose {
            schedule_to_close: ALL_STARTS,
            start_to_close: ONE_START,
        })
        .cancellation_token(WorkflowCancellationToken::new())
        .build();
        let run = ctx.execute_activity(ScheduleActivities::start, order, starting).await?;
        if !run.follow {
            return Ok(Ended { workflow_id: run.workflow_id, run_id: run.run_id, state: None });
        }
        let following = ActivityOptions::with_start_to_close_timeout(FOLLOW_TIME)
            .heartbeat_timeout(HEARTBEAT_TIMEOUT)
            .cancellation_token(WorkflowCancellationToken::new())
            .build();
        let mut ended = pin!(ctx.execute_activity(ScheduleActivities::follow, run.clone(), following).fuse());
        let mut cancelled = pin!(ctx.cancelled().fuse());
        let followed = select! {
            followed = ended => followed,
            _ = cancelled => {
                let stopping = ActivityOptions::with_start_to_close_timeout(ONE_STOP)
                    .cancellation_token(WorkflowCancellationToken::new())
                    .build();
                ctx.execute_activity(ScheduleActivities::stop, run, stopping).await?;
                ended.await
            }
        };
        match followed? {
            Ended { state: Some(WorkflowState::Canceled), .. } => Err(WorkflowTermination::cancelled()),
            other => Ok(other),
        }
    }
}

fn read(input: RawValue) -> serde_json::Result<Order> {
    serde_json::from_str(payload::to_json(Some(&Payloads { payloads: input.payloads })).as_str())
}
