//! Creates, replaces and deletes schedules.

use std::sync::Arc;

use jiff::ToSpan;
use workflow_api::{Fault, Overlap, Schedule, cut};

use super::{MOST_SCHEDULES, ScheduleError, ScheduleRevision, Schedules, broken, error, revision, sound};
use crate::access::{Action, Permit, Resource};
use crate::conditions::Conditions;
use crate::model::{Change, ChangeKind, DocumentRevision, KeptSchedule, RevisionNumber, ScheduleKey};
use crate::request::Request;

/// The options of a change.
#[derive(Debug, Clone, Default)]
pub struct ScheduleOptions {
    /// The revision that the schedule must be at.
    pub conditions: Conditions,
    /// Whether everything is validated but nothing is stored.
    pub dry_run: bool,
}

/// The result of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedSchedule {
    /// The schedule, as it is stored.
    pub kept: KeptSchedule,
    /// Whether it did not exist before.
    pub created: bool,
    /// Whether the engine has this revision. Otherwise the bridge goes on trying.
    pub applied: bool,
}

impl Schedules {
    /// Creates a schedule, or replaces the one of this name. A schedule without a name gets that of `key`. A
    /// replacement that is equal makes no revision. Needs the right to start, and the right to do to a run what the
    /// schedule does about an overlap.
    ///
    /// # Errors
    /// Returns all faults of the schedule at once, or an error if the intent does not exist, or the engine cannot be
    /// asked whether it can read the times.
    pub async fn put(
        &self,
        request: &Request,
        key: &ScheduleKey,
        mut schedule: Schedule,
        options: &ScheduleOptions,
    ) -> Result<ChangedSchedule, ScheduleError> {
        let mut permit = self
            .parts
            .access
            .authorize_with(request, Action::PutSchedule, needed(&schedule), Resource::Intent(&key.intent))
            .await?;
        permit.about_schedule(&key.name);
        let scheduler = self.scheduler()?;
        if schedule.metadata.name.is_empty() {
            schedule.metadata.name.clone_from(&key.name);
        }
        self.starts.may_override(request, Action::Start, &key.intent, &schedule.spec.start).await?;
        self.check(key, &schedule).await?;
        let now = request.now;
        // Whether there is a time in it does not matter: the engine reads the whole schedule.
        scheduler.times(&schedule.spec, now, now + 1.second()).await.map_err(error::unsound)?;
        let schedule = Arc::new(schedule);
        let document = sound(key)?;
        loop {
            let latest = self.parts.store.latest_document(&document).await?.map(revision).transpose()?;
            let number =
                latest.as_ref().map_or(RevisionNumber::FIRST, |latest| latest.change.revision.next());
            let current = latest.and_then(ScheduleRevision::into_kept);
            check_conditions(key, options, current.as_ref().map(|kept| kept.revision))?;
            let created = current.is_none();
            if let Some(kept) = current.filter(|kept| kept.schedule == schedule) {
                let applied = options.dry_run || self.bring(key).await;
                return Ok(ChangedSchedule { kept, created: false, applied });
            }
            if created && self.all(&key.intent).await?.len() >= MOST_SCHEDULES as usize {
                return Err(ScheduleError::TooMany(key.intent.clone()));
            }
            let kind = if created { ChangeKind::Created } else { ChangeKind::Replaced };
            let kept = KeptSchedule { revision: number, schedule: Arc::clone(&schedule) };
            if options.dry_run {
                return Ok(ChangedSchedule { kept, created, applied: true });
            }
            if let Some(applied) = self.keep(request, &permit, key, number, kind, Some(&schedule)).await? {
                return Ok(ChangedSchedule { kept, created, applied });
            }
        }
    }

    /// Deletes a schedule. Runs that it started continue, and its revisions stay.
    ///
    /// # Errors
    /// Returns an error if it does not exist, or is not at the expected revision.
    pub async fn delete(
        &self,
        request: &Request,
        key: &ScheduleKey,
        options: &ScheduleOptions,
    ) -> Result<(), ScheduleError> {
        let mut permit = self
            .parts
            .access
            .authorize(request, Action::DeleteSchedule, Resource::Intent(&key.intent))
            .await?;
        permit.about_schedule(&key.name);
        loop {
            let current = self.kept(key).await?.revision;
            check_conditions(key, options, Some(current))?;
            let kept = options.dry_run
                || self
                    .keep(request, &permit, key, current.next(), ChangeKind::Deleted, None)
                    .await?
                    .is_some();
            if kept {
                return Ok(());
            }
        }
    }

    /// Adds a revision, and brings the engine to it, also if the caller hangs up. Returns whether the engine has it;
    /// `None` if the number was taken in the meantime.
    async fn keep(
        &self,
        request: &Request,
        permit: &Permit,
        key: &ScheduleKey,
        number: RevisionNumber,
        kind: ChangeKind,
        schedule: Option<&Schedule>,
    ) -> Result<Option<bool>, ScheduleError> {
        let change = Change { revision: number, kind, by: request.actor.to_string(), at: request.now };
        let json = schedule.map(workflow_api::to_go_text);
        let added = DocumentRevision { change, json };
        let event = permit.changed(&key.intent.name, number);
        let (schedules, key) = (self.clone(), key.clone());
        let work = self.parts.tasks.spawn(async move {
            let added_now = schedules.parts.store.add_document(&key.document(), &added, &event).await?;
            if !added_now {
                return Ok(None);
            }
            let Change { revision, kind, by, .. } = added.change;
            tracing::info!(schedule = %key, %revision, action = kind.word(), by, "schedule changed");
            Ok(Some(schedules.bring(&key).await))
        });
        work.await.map_err(broken)?
    }

    async fn check(&self, key: &ScheduleKey, schedule: &Schedule) -> Result<(), ScheduleError> {
        self.lookup.kept(&key.intent).await?;
        let (mut faults, named) = (schedule.faults(), &schedule.metadata.name);
        if *named != key.name {
            let (named, name) = (cut(named), cut(&key.name));
            let text = format!("is `{named}`, but the path names `{name}`: a schedule cannot be renamed");
            faults.push(Fault::new("$.metadata.name", text));
        }
        let revision = schedule.spec.revision;
        if revision > 0 {
            let pinned = self.parts.store.revision(&key.intent, revision.into()).await?;
            if pinned.is_none_or(|pinned| pinned.intent.is_none()) {
                let text = format!("{revision} is not a revision of the intent that can be started");
                faults.push(Fault::new("$.spec.revision", text));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(ScheduleError::Unsound(faults)) }
    }
}

/// Returns the actions that a schedule does itself.
fn needed(schedule: &Schedule) -> &'static [Action] {
    match schedule.spec.overlap {
        Overlap::CancelOther => &[Action::Start, Action::Cancel],
        Overlap::TerminateOther => &[Action::Start, Action::Terminate],
        Overlap::Skip | Overlap::BufferOne | Overlap::BufferAll | Overlap::AllowAll => &[Action::Start],
    }
}

fn check_conditions(
    key: &ScheduleKey,
    options: &ScheduleOptions,
    current: Option<RevisionNumber>,
) -> Result<(), ScheduleError> {
    if options.conditions.hold(current) {
        return Ok(());
    }
    Err(ScheduleError::ConditionFailed { schedule: Box::new(key.clone()), current })
}
