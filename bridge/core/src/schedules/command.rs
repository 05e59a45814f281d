//! Pauses, resumes and triggers schedules, and makes up for past times.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use workflow_api::Overlap;

use super::{ScheduleError, Schedules};
use crate::access::{Action, Permit, Resource};
use crate::model::{ScheduleCommand, ScheduleKey};
use crate::request::Request;

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

    /// Starts the intent for each time of the schedule after `from` and until `to`. A time for which it was started
    /// already is not started again.
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
        let sent = self.scheduler()?.command(key, &command, &identity, &request_id);
        if permit.outward_about(sent).await?? { Ok(()) } else { Err(ScheduleError::NotInEngine(key.clone())) }
    }
}
