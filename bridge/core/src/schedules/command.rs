//! Pauses, resumes and triggers schedules, and makes up for past times.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};
use uuid::Uuid;
use workflow_api::Overlap;

use super::{ScheduleError, Schedules, broken};
use crate::access::{Action, Permit, Resource};
use crate::model::{ScheduleCommand, ScheduleKey};
use crate::ports::Scheduler;
use crate::request::Request;

/// How long a call waits for others that command the same schedule, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
/// How long a call may hold a schedule: longer than it takes.
const HELD: Duration = Duration::from_secs(15);

impl Schedules {
    /// Lets a schedule start nothing until it is resumed.
    ///
    /// # Errors
    /// Returns an error if the schedule does not exist, or the engine fails.
    pub async fn pause(
        &self,
        request: &Request,
        key: &ScheduleKey,
        note: String,
    ) -> Result<(), ScheduleError> {
        let permit = self
            .parts
            .access
            .authorize(request, Action::PauseSchedule, Resource::Intent(&key.intent))
            .await?;
        self.kept(key).await?;
        self.send(permit, request, key, ScheduleCommand::Pause { note }, None).await
    }

    /// Lets a schedule continue.
    ///
    /// # Errors
    /// Returns an error if the schedule does not exist, or the engine fails.
    pub async fn resume(
        &self,
        request: &Request,
        key: &ScheduleKey,
        note: String,
    ) -> Result<(), ScheduleError> {
        let permit = self
            .parts
            .access
            .authorize(request, Action::ResumeSchedule, Resource::Intent(&key.intent))
            .await?;
        self.kept(key).await?;
        self.send(permit, request, key, ScheduleCommand::Resume { note }, None).await
    }

    /// Starts the intent now, as if this were a time of the schedule, also if it is paused. Calls with one `word` are
    /// one start.
    ///
    /// # Errors
    /// Returns an error if the schedule does not exist, or the engine fails.
    pub async fn trigger(
        &self,
        request: &Request,
        key: &ScheduleKey,
        word: Option<&str>,
    ) -> Result<(), ScheduleError> {
        let permit = self
            .parts
            .access
            .authorize(request, Action::TriggerSchedule, Resource::Intent(&key.intent))
            .await?;
        self.kept(key).await?;
        let own = Uuid::new_v4().to_string();
        let moment = self.parts.store.moment_of(&key.document(), word.unwrap_or(&own), request.now).await?;
        self.send(permit, request, key, ScheduleCommand::Trigger { at: moment }, word).await
    }

    /// Starts the intent for each time of the schedule from `from` to `to`, both included. A time for which it was
    /// started already is not started again.
    ///
    /// # Errors
    /// Returns an error if the schedule does not exist, or the engine fails.
    pub async fn backfill(
        &self,
        request: &Request,
        key: &ScheduleKey,
        (from, to): (Timestamp, Timestamp),
        overlap: Option<Overlap>,
        word: Option<&str>,
    ) -> Result<(), ScheduleError> {
        let permit = self
            .parts
            .access
            .authorize(request, Action::BackfillSchedule, Resource::Intent(&key.intent))
            .await?;
        self.kept(key).await?;
        let overlap = overlap.unwrap_or(Overlap::BufferAll);
        self.send(permit, request, key, ScheduleCommand::Backfill { from, to, overlap }, word).await
    }

    /// Sends a command when no other call commands the schedule: of commands that meet, Temporal can lose all but one.
    pub(super) async fn alone(
        &self,
        scheduler: &dyn Scheduler,
        key: &ScheduleKey,
        command: &ScheduleCommand,
        identity: &str,
        request_id: &str,
    ) -> Result<(), ScheduleError> {
        let document = key.document();
        let deadline = Instant::now() + PATIENCE;
        while !self.parts.store.hold(&document, HELD).await? {
            if Instant::now() > deadline {
                return Err(ScheduleError::Busy(Box::new(key.clone())));
            }
            sleep(PAUSE).await;
        }
        let sent = scheduler.command(key, command, identity, request_id).await;
        // The command was sent nevertheless: an error would make the caller send it again. The hold ends by itself.
        if let Err(error) = self.parts.store.release(&document).await {
            tracing::warn!(schedule = %key, error = workflow_api::chain(&error), "a schedule is held a while longer");
        }
        if sent? { Ok(()) } else { Err(ScheduleError::NotInEngine(Box::new(key.clone()))) }
    }

    /// Sends a command to the engine. Those with one `word` are one command.
    async fn send(
        &self,
        mut permit: Permit,
        request: &Request,
        key: &ScheduleKey,
        command: ScheduleCommand,
        word: Option<&str>,
    ) -> Result<(), ScheduleError> {
        permit.about_schedule(&key.name);
        let request_id = match word {
            Some(word) => {
                permit.keyed(word);
                format!("{:x}", Sha256::digest(format!("{key}\n{word}")))
            }
            None => Uuid::new_v4().to_string(),
        };
        let identity = request.actor.via(&self.parts.identity);
        let (schedules, scheduler, key) = (self.clone(), Arc::clone(self.scheduler()?), key.clone());
        // Spawned, so that a hold ends also when the caller hangs up.
        let work = self.parts.tasks.spawn(async move {
            permit.outward_about(schedules.alone(&*scheduler, &key, &command, &identity, &request_id)).await?
        });
        work.await.map_err(broken)?
    }
}
