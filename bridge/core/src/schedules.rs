//! Use cases about schedules. A schedule is a document of ours, and the engine is brought to what it has: by the change
//! itself, else by [`Schedules::keep_applied`]. At each of its times, the engine calls [`Schedules::fire`].

mod apply;
mod change;
mod command;
mod error;
mod fire;
mod search;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use workflow_api::{Schedule, ScheduleSpec, ScheduleStatus};

use crate::access::{Action, Resource};
use crate::alarms::Alarms;
use crate::lookup::Lookup;
use crate::model::{
    Change, ChangePage, DocumentKey, DocumentKind, DocumentRevision, IntentKey, KeptSchedule, RevisionNumber,
    ScheduleKey,
};
use crate::parts::Parts;
use crate::ports::{Scheduler, StoreError};
use crate::request::Request;
use crate::starts::Starts;
use crate::workflows::Workflows;
pub use change::{ChangedSchedule, ScheduleOptions};
pub use error::{MOST_SCHEDULES, ScheduleError};
pub use fire::{FireError, Fired, FollowedRun};
pub use search::FoundSchedule;

/// Use cases about schedules.
#[derive(Debug, Clone)]
pub struct Schedules {
    parts: Parts,
    lookup: Lookup,
    starts: Starts,
    workflows: Workflows,
    alarms: Alarms,
}

/// A revision of a schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleRevision {
    /// The change that made it.
    pub change: Change,
    /// The schedule; `None` if the revision is its deletion.
    pub schedule: Option<Arc<Schedule>>,
}

impl Schedules {
    pub(crate) fn new(parts: Parts, starts: Starts, workflows: Workflows, alarms: Alarms) -> Self {
        let lookup = Lookup::new(parts.store.clone());
        Self { parts, lookup, starts, workflows, alarms }
    }

    /// Returns all schedules of an intent, ordered by name.
    ///
    /// # Errors
    /// Returns an error if the intent does not exist, or the database fails.
    pub async fn list(
        &self,
        request: &Request,
        intent: &IntentKey,
    ) -> Result<Vec<KeptSchedule>, ScheduleError> {
        self.parts.access.authorize(request, Action::ListSchedules, Resource::Intent(intent)).await?;
        let schedules = self.all(intent).await?;
        if schedules.is_empty() {
            self.lookup.kept(intent).await?;
        }
        Ok(schedules)
    }

    /// Returns a schedule.
    ///
    /// # Errors
    /// Returns an error if it does not exist, or the database fails.
    pub async fn get(&self, request: &Request, key: &ScheduleKey) -> Result<KeptSchedule, ScheduleError> {
        self.parts.access.authorize(request, Action::GetSchedule, Resource::Intent(&key.intent)).await?;
        self.kept(key).await
    }

    /// Returns at most `limit` changes of a schedule, newest first, and only those before `before`, if given. The
    /// changes of a deleted schedule are kept.
    ///
    /// # Errors
    /// Returns an error if the schedule never existed, or the database fails.
    pub async fn changes(
        &self,
        request: &Request,
        key: &ScheduleKey,
        before: Option<RevisionNumber>,
        limit: u32,
    ) -> Result<ChangePage, ScheduleError> {
        self.parts
            .access
            .authorize(request, Action::ListScheduleChanges, Resource::Intent(&key.intent))
            .await?;
        let document = sound(key)?;
        // One more than requested shows whether there is a next page.
        let changes = self.parts.store.document_changes(&document, before, limit.saturating_add(1)).await?;
        if changes.is_empty() && before.is_none() {
            return Err(ScheduleError::NoSuchSchedule(Box::new(key.clone())));
        }
        Ok(ChangePage::new(changes, limit))
    }

    /// Returns one revision of a schedule. `number` is as the caller wrote it.
    ///
    /// # Errors
    /// Returns an error if there is no revision of this number, or the database fails.
    pub async fn revision(
        &self,
        request: &Request,
        key: &ScheduleKey,
        number: &str,
    ) -> Result<ScheduleRevision, ScheduleError> {
        self.parts
            .access
            .authorize(request, Action::GetScheduleRevision, Resource::Intent(&key.intent))
            .await?;
        let found = match (sound(key), number.parse()) {
            (Ok(document), Ok(number)) => self.parts.store.document_revision(&document, number).await?,
            _ => None,
        };
        let no_such =
            || ScheduleError::NoSuchRevision { schedule: Box::new(key.clone()), revision: number.to_owned() };
        revision(found.ok_or_else(no_such)?)
    }

    /// Returns what the engine has of a schedule.
    ///
    /// # Errors
    /// Returns an error if the schedule does not exist, or the engine fails.
    pub async fn status(
        &self,
        request: &Request,
        key: &ScheduleKey,
    ) -> Result<ScheduleStatus, ScheduleError> {
        self.parts.access.authorize(request, Action::ScheduleStatus, Resource::Intent(&key.intent)).await?;
        let scheduler = self.scheduler()?;
        self.kept(key).await?;
        Ok(scheduler.look(key).await?)
    }

    /// Returns the times of a schedule between two moments, or the first of them: those of `spec`, which need not be
    /// kept, or of the schedule of this name.
    ///
    /// # Errors
    /// Returns the faults of `spec`, or an error if the schedule does not exist, or the engine fails.
    pub async fn times(
        &self,
        request: &Request,
        key: &ScheduleKey,
        spec: Option<ScheduleSpec>,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<Timestamp>, ScheduleError> {
        self.parts.access.authorize(request, Action::PreviewSchedule, Resource::Intent(&key.intent)).await?;
        let scheduler = self.scheduler()?;
        let spec = match spec {
            Some(spec) => spec,
            None => Arc::unwrap_or_clone(self.kept(key).await?.schedule).spec,
        };
        let faults = spec.faults();
        if !faults.is_empty() {
            return Err(ScheduleError::Unsound(faults));
        }
        scheduler.times(&spec, from, to).await.map_err(error::unsound)
    }

    /// Returns whether there are schedules, so that their times must be watched.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn any(&self) -> Result<bool, StoreError> {
        self.parts.store.has_documents(DocumentKind::Schedule).await
    }

    /// Returns how many times each schedule of an intent has missed, skipped or dropped.
    pub(crate) async fn not_started(
        &self,
        intent: &IntentKey,
    ) -> Result<BTreeMap<String, i64>, ScheduleError> {
        let (mut counts, scheduler) = (BTreeMap::new(), self.scheduler()?);
        for KeptSchedule { schedule, .. } in self.all(intent).await? {
            let name = schedule.metadata.name.clone();
            let key = ScheduleKey { intent: intent.clone(), name };
            let ScheduleStatus { missed, skipped, dropped, .. } = scheduler.look(&key).await?;
            counts.insert(key.name, missed + skipped + dropped);
        }
        Ok(counts)
    }

    /// Returns the engine's schedules.
    fn scheduler(&self) -> Result<&Arc<dyn Scheduler>, ScheduleError> {
        self.parts.scheduler.as_ref().ok_or(ScheduleError::Off)
    }

    async fn kept(&self, key: &ScheduleKey) -> Result<KeptSchedule, ScheduleError> {
        let latest = self.parts.store.latest_document(&sound(key)?).await?;
        let latest = latest.map(revision).transpose()?;
        latest
            .and_then(ScheduleRevision::into_kept)
            .ok_or_else(|| ScheduleError::NoSuchSchedule(Box::new(key.clone())))
    }

    async fn all(&self, intent: &IntentKey) -> Result<Vec<KeptSchedule>, ScheduleError> {
        if !intent.is_sound() {
            return Ok(Vec::new());
        }
        let (kind, parent) = (DocumentKind::Schedule, intent.to_string());
        let kept = self.parts.store.documents(kind, &parent, "", MOST_SCHEDULES).await?;
        let kept = kept.into_iter().map(|document| {
            let schedule = read(&document.name, document.revision, &document.json)?;
            Ok(KeptSchedule { revision: document.revision, schedule })
        });
        kept.collect()
    }
}

impl ScheduleRevision {
    /// Returns the schedule; `None` if the revision is its deletion.
    fn into_kept(self) -> Option<KeptSchedule> {
        let revision = self.change.revision;
        self.schedule.map(|schedule| KeptSchedule { revision, schedule })
    }
}

/// Returns the name of a schedule in the database, unless it cannot exist.
fn sound(key: &ScheduleKey) -> Result<DocumentKey, ScheduleError> {
    if key.intent.is_sound() && workflow_api::rules::is_name(&key.name) {
        Ok(key.document())
    } else {
        Err(ScheduleError::NoSuchSchedule(Box::new(key.clone())))
    }
}

/// Returns the error of work that has panicked.
fn broken(error: tokio::task::JoinError) -> StoreError {
    StoreError::Unavailable { action: "change a schedule", source: error.into() }
}

fn revision(found: DocumentRevision) -> Result<ScheduleRevision, ScheduleError> {
    let DocumentRevision { change, json } = found;
    let name = change.revision.to_string();
    let schedule = json.map(|json| read(&name, change.revision, &json)).transpose()?;
    Ok(ScheduleRevision { change, schedule })
}

fn read(name: &str, number: RevisionNumber, json: &str) -> Result<Arc<Schedule>, StoreError> {
    serde_json::from_str(json).map(Arc::new).map_err(|error| StoreError::Inconsistent {
        table: "document_revisions",
        column: "document",
        row: format!("{name} {number}"),
        source: error.into(),
    })
}
