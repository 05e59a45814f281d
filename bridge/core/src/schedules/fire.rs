//! What happens at a time of a schedule: the intent is started, once, by the schedule as the caller.

use jiff::Timestamp;
use workflow_api::{Overlap, RunId, RunReference, WorkflowId};

use super::apply::NO_INTENT;
use super::{ScheduleError, Schedules};
use crate::lookup::IntentError;
use crate::model::{KeptSchedule, ScheduleCommand, ScheduleKey, WorkflowRun};
use crate::ports::{EngineError, StoreError};
use crate::request::{Actor, Correlation, Proof, Request};
use crate::starts::{StartError, StartKeyRequest, StartOrder};
use crate::workflows::{Addressee, Stop, WorkflowError};

/// What a time of a schedule led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fired {
    /// A run that the schedule does not follow.
    Started(FollowedRun),
    /// A run that the schedule follows to its end.
    Follow(FollowedRun),
}

/// A run of the intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedRun {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The run; empty for the latest.
    pub run_id: RunId,
}

/// Why nothing was started at a time of a schedule.
#[derive(Debug, thiserror::Error)]
pub enum FireError {
    /// The schedule was deleted.
    #[error("schedule `{0}` does not exist any more; nothing was started")]
    NoSuchSchedule(Box<ScheduleKey>),
    /// The run is not one of the schedule. Somebody else has started it, or the engine does not know of it yet.
    #[error("schedule `{0}` has not started this run, so it starts nothing")]
    NotOurs(Box<ScheduleKey>),
    /// The intent was deleted. The schedule is paused now.
    #[error("the workflow intent of schedule `{0}` does not exist; the schedule is paused")]
    NoIntent(Box<ScheduleKey>),
    /// The start was refused. A repeat would be refused as well.
    #[error("schedule `{schedule}` has started nothing")]
    Refused {
        /// The schedule.
        schedule: Box<ScheduleKey>,
        /// The cause.
        #[source]
        source: StartError,
    },
    /// The start failed, or its outcome is not known. A repeat completes it, and does not start twice.
    #[error("schedule `{schedule}` could not start its workflow intent now")]
    Failed {
        /// The schedule.
        schedule: Box<ScheduleKey>,
        /// The cause.
        #[source]
        source: StartError,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The bridge has no worker of its own.
    #[error(transparent)]
    Other(ScheduleError),
}

impl FireError {
    /// Returns whether a repeat may succeed.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::NotOurs(_) | Self::Failed { .. } | Self::Store(_) | Self::Engine(_) => true,
            Self::NoSuchSchedule(_) | Self::NoIntent(_) | Self::Refused { .. } | Self::Other(_) => false,
        }
    }
}

impl Schedules {
    /// Starts the intent of a schedule for `time`. Calls for one time are one start. `by` is the run of the engine
    /// that makes the call: it is believed only if the schedule itself lists it.
    ///
    /// # Errors
    /// Returns an error if nothing was started, or nothing is known.
    pub async fn fire(
        &self,
        key: &ScheduleKey,
        time: Timestamp,
        by: &(WorkflowId, RunId),
    ) -> Result<Fired, FireError> {
        let scheduler = self.scheduler().map_err(FireError::Other)?;
        let KeptSchedule { schedule, .. } = self.kept(key).await.map_err(|error| gone(key, error))?;
        if !scheduler.has_started(key, by).await? {
            return Err(FireError::NotOurs(Box::new(key.clone())));
        }
        let spec = &schedule.spec;
        let word = format!("schedule:{key}@{time}");
        let order = StartOrder {
            overrides: spec.start.clone(),
            // The time alone decides: a schedule that was changed meanwhile does not start twice.
            key: Some(StartKeyRequest { fingerprint: word.clone(), text: word }),
            revision: (spec.revision > 0).then(|| spec.revision.into()),
        };
        let request = self.request(key).await?;
        let run = match self.starts.start(&request, &key.intent, order).await {
            Ok(report) => report.run,
            Err(StartError::Intent(IntentError::NoSuchIntent(_))) => {
                let pause = ScheduleCommand::Pause { note: NO_INTENT.to_owned() };
                let (identity, request_id) = (&self.parts.identity, format!("no-intent@{time}"));
                self.alone(&**scheduler, key, &pause, identity, &request_id)
                    .await
                    .map_err(FireError::Other)?;
                self.orphaned(key).await?;
                return Err(FireError::NoIntent(Box::new(key.clone())));
            }
            Err(source) if source.passes() => {
                return Err(FireError::Failed { schedule: Box::new(key.clone()), source });
            }
            Err(source) => return Err(FireError::Refused { schedule: Box::new(key.clone()), source }),
        };
        let run = FollowedRun { workflow_id: run.workflow_id, run_id: run.run_id.unwrap_or_default() };
        Ok(if spec.follows() { Fired::Follow(run) } else { Fired::Started(run) })
    }

    /// Ends a run that the schedule follows, by its overlap policy: cancels it, or terminates it.
    ///
    /// # Errors
    /// Returns an error if the schedule may not do this, or the engine fails.
    pub async fn stop(&self, key: &ScheduleKey, run: &FollowedRun) -> Result<(), WorkflowError> {
        // A schedule that was deleted meanwhile ends nothing by force.
        let overlap = self.kept(key).await.map_or(Overlap::CancelOther, |kept| kept.schedule.spec.overlap);
        let request = self.request(key).await.map_err(IntentError::from)?;
        let run = RunReference {
            workflow_id: run.workflow_id.clone(),
            run_id: run.run_id.clone(),
            ..RunReference::default()
        };
        let to = Addressee { intent: key.intent.clone(), run };
        let stop = Stop { reason: format!("schedule `{key}` starts the next run"), ..Stop::default() };
        match overlap {
            Overlap::TerminateOther => self.workflows.terminate(&request, &to, &stop).await.map(drop),
            _ => self.workflows.cancel(&request, &to, &stop).await.map(drop),
        }
    }

    /// Returns where a followed run is.
    #[must_use]
    pub fn run_of(&self, run: &FollowedRun) -> WorkflowRun {
        let FollowedRun { workflow_id, run_id } = run.clone();
        WorkflowRun { target: self.parts.targets.home(), workflow_id, run_id }
    }

    /// Returns a request of the schedule itself, on behalf of who wrote it last.
    async fn request(&self, key: &ScheduleKey) -> Result<Request, StoreError> {
        let latest = self.parts.store.latest_document(&key.document()).await?;
        let author = latest.map(|latest| latest.change.by).unwrap_or_default();
        Ok(Request {
            actor: Actor::new(format!("schedule/{key}"), Proof::Schedule).on_behalf_of(author),
            correlation: Correlation::default(),
            source: Default::default(),
            now: self.parts.clock.now(),
        })
    }
}

fn gone(key: &ScheduleKey, error: ScheduleError) -> FireError {
    match error {
        ScheduleError::NoSuchSchedule(_) => FireError::NoSuchSchedule(Box::new(key.clone())),
        ScheduleError::Store(error) => FireError::Store(error),
        other => FireError::Other(other),
    }
}
