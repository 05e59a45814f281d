//! The activities of an escalation: it watches a run, and terminates it.

use std::sync::Arc;
use std::time::Duration;

use bridge_core::model::WorkflowRun;
use bridge_core::ports::{CommandError, Engine, EngineError, StopOrder, Targets, Waited};
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use workflow_api::{RunId, WorkflowState};

use super::order::{Ending, Order};

/// Well below the heartbeat timeout.
const BEAT: Duration = Duration::from_secs(10);

/// The activities of an escalation.
pub(crate) struct EscalationActivities {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) targets: Arc<dyn Targets>,
}

#[activities]
impl EscalationActivities {
    /// Waits until the run, and any run that continues it, has ended.
    #[activity(name = "EmcoBridgeAwaitEnd")]
    pub(crate) async fn await_end(
        self: Arc<Self>,
        ctx: ActivityContext,
        order: Order,
    ) -> Result<Ending, ActivityError> {
        let run = self.run(&order, order.run_id.clone())?;
        let mut ended = self.engine.wait(&run, None);
        loop {
            ctx.record_heartbeat(()).await?;
            tokio::select! {
                ended = &mut ended => match ended {
                    Ok(Waited::Closed(closed)) => return Ok(Ending { terminated: false, state: Some(closed.state) }),
                    Ok(Waited::StillOpen { .. }) => return Err(failure("StillRunning", "the wait was interrupted", true)),
                    Err(error) => return ended_otherwise(error),
                },
                () = ctx.cancelled() => return Err(ActivityError::cancelled()),
                () = tokio::time::sleep(BEAT) => {}
            }
        }
    }

    /// Terminates the run, or the current run of its chain.
    #[activity(name = "EmcoBridgeTerminate")]
    pub(crate) async fn terminate(
        self: Arc<Self>,
        _ctx: ActivityContext,
        order: Order,
    ) -> Result<Ending, ActivityError> {
        let latest = !order.first_run_id.is_empty();
        let run = self.run(&order, if latest { RunId::default() } else { order.run_id.clone() })?;
        let grace = Duration::from_millis(order.grace_ms);
        let reason = match order.reason.as_str() {
            "" => format!("did not end within {grace:?} of being cancelled"),
            reason => format!("did not end within {grace:?} of being cancelled: {reason}"),
        };
        let stop = StopOrder { reason, identity: order.identity, first_run_id: order.first_run_id };
        match self.engine.terminate(&run, &stop, None).await {
            Ok(()) => {
                tracing::info!(workflow_id = %order.workflow_id, run_id = %order.run_id, "terminated a run after its cancellation");
                Ok(Ending { terminated: true, state: Some(WorkflowState::Terminated) })
            }
            Err(CommandError::AlreadyClosed { state, .. }) => {
                Ok(Ending { terminated: false, state: Some(state) })
            }
            Err(CommandError::Engine(error)) => ended_otherwise(error),
        }
    }
}

impl EscalationActivities {
    fn run(&self, order: &Order, run_id: RunId) -> Result<WorkflowRun, ActivityError> {
        let target = self
            .targets
            .resolve(&order.temporal_server, &order.namespace)
            .map_err(|refusal| failure("TemporalNotAllowed", &refusal.to_string(), false))?;
        Ok(WorkflowRun { target, workflow_id: order.workflow_id.clone(), run_id })
    }
}

/// A run that does not exist any more needs no termination. Any other error may be temporary, so the activity
/// is retried.
fn ended_otherwise(error: EngineError) -> Result<Ending, ActivityError> {
    match error {
        EngineError::NoSuchWorkflow { .. } => Ok(Ending { terminated: false, state: None }),
        error => Err(failure("Temporal", &workflow_api::chain(&error), true)),
    }
}

fn failure(kind: &str, message: &str, passes: bool) -> ActivityError {
    let failure =
        ApplicationFailure::builder(message.to_owned()).type_name(kind.to_owned()).non_retryable(!passes);
    ActivityError::application(failure.build())
}
