//! The schedules of the engine.

use async_trait::async_trait;
use jiff::Timestamp;
use workflow_api::{RunId, ScheduleSpec, ScheduleStatus, WorkflowId};

use super::EngineError;
use crate::model::{KeptSchedule, ScheduleCommand, ScheduleKey};

/// Lets the engine start workflows at times. At each time of a schedule, the engine calls
/// [`Schedules::fire`](crate::Schedules::fire) at least once.
#[async_trait]
pub trait Scheduler: std::fmt::Debug + Send + Sync {
    /// Returns the times of a schedule that need not exist, after `from` and at most until `to`. The engine may
    /// return only the first of them.
    ///
    /// # Errors
    /// [`EngineError::InvalidArgument`] if it cannot read the times.
    async fn times(
        &self,
        spec: &ScheduleSpec,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Timestamp>, EngineError>;

    /// Brings a schedule to this revision, unless it is at a later one. If it is paused, it stays so. With `pause`,
    /// it is paused with this note.
    async fn put(
        &self,
        key: &ScheduleKey,
        kept: &KeptSchedule,
        pause: Option<&str>,
    ) -> Result<(), EngineError>;

    /// Returns the state of a schedule. It is the default one if the engine has no such schedule.
    async fn look(&self, key: &ScheduleKey) -> Result<ScheduleStatus, EngineError>;

    /// Returns whether a schedule itself lists this run as its own. The engine lists a run shortly after its start.
    async fn has_started(&self, key: &ScheduleKey, run: &(WorkflowId, RunId)) -> Result<bool, EngineError>;

    /// Sends a command, and waits until the engine has taken it up. Commands with one ID are one command. Two at once
    /// can get lost. Returns whether the engine has the schedule.
    async fn command(
        &self,
        key: &ScheduleKey,
        command: &ScheduleCommand,
        identity: &str,
        request_id: &str,
    ) -> Result<bool, EngineError>;

    /// Deletes a schedule, if the engine has it. Runs that it has started continue.
    async fn delete(&self, key: &ScheduleKey) -> Result<(), EngineError>;
}
