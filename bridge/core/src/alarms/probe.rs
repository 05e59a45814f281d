//! Whether the bridge's own Temporal responds. Rules run on Temporal, so they cannot notice this.

use tokio::time::Instant;
use workflow_api::RunId;

use super::Alarms;
use crate::model::{AlarmObject, ProbableCause, Raised, WorkflowRun};
use crate::ports::{EngineError, StoreError};

/// No workflow has this ID: that it is not found shows that Temporal responds.
const NO_WORKFLOW: &str = "emco-bridge-probe";

/// What was seen of Temporal.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sight {
    /// Since when it has not responded.
    away_since: Option<Instant>,
    /// Whether the alarm may still be raised, by this process or an earlier one.
    perhaps_raised: bool,
}

impl Sight {
    /// Before the first probe.
    pub(super) fn unknown() -> Self {
        Self { away_since: None, perhaps_raised: true }
    }
}

impl Alarms {
    /// Asks Temporal, and raises or clears the alarm.
    pub(super) async fn probe(&self, sight: &mut Sight) -> Result<(), StoreError> {
        let (object, cause) = (AlarmObject::bridge(), ProbableCause::TemporalUnavailable);
        let Some(reason) = self.away().await else {
            sight.away_since = None;
            if std::mem::take(&mut sight.perhaps_raised) {
                // If this fails, the next probe tries again.
                let cleared = self.clear(&object, cause, "", None).await;
                sight.perhaps_raised = cleared.is_err();
                return cleared;
            }
            return Ok(());
        };
        let since = *sight.away_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= self.parts.alarms.away {
            sight.perhaps_raised = true;
            self.raise(&Raised::new(object, cause, reason)).await?;
        }
        Ok(())
    }

    /// Returns why Temporal does not respond; `None` if it does.
    async fn away(&self) -> Option<String> {
        let run = WorkflowRun {
            target: self.parts.targets.home(),
            workflow_id: NO_WORKFLOW.into(),
            run_id: RunId::default(),
        };
        match self.parts.engine.outline(&run).await {
            Err(error @ (EngineError::Unavailable { .. } | EngineError::DeadlineExceeded { .. })) => {
                // The causes have addresses and ports that may change with each try.
                Some(error.to_string())
            }
            _ => None,
        }
    }
}
