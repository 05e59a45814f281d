//! The activities of a scheduled start: it starts an intent, and follows or stops the intent's run.

use std::sync::Arc;
use std::time::Duration;

use bridge_core::model::ScheduleKey;
use bridge_core::ports::{CommandError, Engine, EngineError, Waited};
use bridge_core::{FireError, Schedules, WorkflowError};
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use workflow_api::WorkflowState;

use super::order::{Ended, Order, Run, time_of};

/// Well below the heartbeat timeout.
const BEAT: Duration = Duration::from_secs(10);
/// How often a run is looked for in its schedule. Temporal notes a run just after it has started it.
const LOOKS: u32 = 5;

/// The activities of a scheduled start.
pub(crate) struct ScheduleActivities {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) schedules: Schedules,
}

#[activities]
impl ScheduleActivities {
    /// Starts the intent, once for each time of the schedule.
    #[activity(name = "EmcoBridgeStartIntent")]
    pub(crate) async fn start(
        self: Arc<Self>,
        ctx: ActivityContext,
        order: Order,
    ) -> Result<Run, ActivityError> {
        let info = ctx.info();
        let workflow_id = info.workflow_id.clone().unwrap_or_default();
        let by = (workflow_id.as_str().into(), info.workflow_run_id.clone().unwrap_or_default().into());
        let (Some(key), Some(time)) = (ScheduleKey::read(&order.schedule), time_of(&workflow_id)) else {
            return Err(failure("NotOfASchedule", "no schedule has started this workflow", false));
        };
        match self.schedules.fire(&key, time, &by).await {
            Ok(fired) => Ok(Run::new(&order.schedule, fired)),
            Err(error) => {
                let text = workflow_api::chain(&error);
                let passes = match &error {
                    FireError::NotOurs(_) => info.attempt < LOOKS,
                    other => other.passes(),
                };
                tracing::warn!(schedule = %key, %time, error = text, "a schedule has started nothing yet");
                Err(failure("NotStarted", &text, passes))
            }
        }
    }

    /// Waits until the run, and any run that continues it, has ended. Fails if the run has failed.
    #[activity(name = "EmcoBridgeFollow")]
    pub(crate) async fn follow(
        self: Arc<Self>,
        ctx: ActivityContext,
        run: Run,
    ) -> Result<Ended, ActivityError> {
        let followed = self.schedules.run_of(&run.followed());
        let ended = |state| Ended { workflow_id: run.workflow_id.clone(), run_id: run.run_id.clone(), state };
        let mut wait = self.engine.wait(&followed, None);
        loop {
            ctx.record_heartbeat(()).await?;
            let closed = tokio::select! {
                waited = &mut wait => waited,
                () = ctx.cancelled() => return Err(ActivityError::cancelled()),
                () = tokio::time::sleep(BEAT) => continue,
            };
            return match closed {
                Ok(Waited::Closed(closed)) => match closed.state {
                    WorkflowState::Failed | WorkflowState::TimedOut => {
                        let text =
                            format!("run {} of the intent's workflow is {}", closed.run_id, closed.state);
                        Err(failure("RunFailed", &text, false))
                    }
                    state => Ok(ended(Some(state))),
                },
                Ok(Waited::StillOpen { .. }) => {
                    Err(failure("StillRunning", "the wait was interrupted", true))
                }
                Err(EngineError::NoSuchWorkflow { .. }) => Ok(ended(None)),
                Err(error) => Err(failure("Temporal", &workflow_api::chain(&error), true)),
            };
        }
    }

    /// Ends the run by the schedule's overlap policy.
    #[activity(name = "EmcoBridgeStop")]
    pub(crate) async fn stop(self: Arc<Self>, _ctx: ActivityContext, run: Run) -> Result<(), ActivityError> {
        let Some(key) = ScheduleKey::read(&run.schedule) else {
            return Err(failure("NotOfASchedule", "this is not the path of a schedule", false));
        };
        match self.schedules.stop(&key, &run.followed()).await {
            // It has ended meanwhile.
            Ok(()) | Err(WorkflowError::Command(CommandError::AlreadyClosed { .. })) => Ok(()),
            Err(error) => {
                let passes = !matches!(error, WorkflowError::Refused(_));
                Err(failure("NotStopped", &workflow_api::chain(&error), passes))
            }
        }
    }
}

fn failure(kind: &str, message: &str, passes: bool) -> ActivityError {
    let failure =
        ApplicationFailure::builder(message.to_owned()).type_name(kind.to_owned()).non_retryable(!passes);
    ActivityError::application(failure.build())
}
