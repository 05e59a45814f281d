//! Brings the engine's schedules to what the database has.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::sleep;

use super::{ScheduleError, Schedules, revision};
use crate::model::{AlarmObject, DocumentKind, IntentKey, ProbableCause, Raised, ScheduleKey};
use crate::ports::StoreError;

/// How often the bridge looks for schedules that the engine does not have yet.
const LOOK: Duration = Duration::from_secs(10);
/// How many it takes at once.
const BATCH: u32 = 100;

/// The note of a schedule whose intent does not exist.
pub(super) const NO_INTENT: &str =
    "the workflow intent was deleted; create it again and resume the schedule, or delete the schedule";

impl Schedules {
    /// Brings the engine to the latest revision of each schedule, also of those that other replicas have changed,
    /// until the process drains.
    pub async fn keep_applied(&self) {
        if self.parts.scheduler.is_none() {
            return;
        }
        loop {
            if let Err(error) = self.apply_changed().await {
                tracing::warn!(
                    error = workflow_api::chain(&error),
                    "changed schedules cannot be looked up now"
                );
            }
            tokio::select! {
                () = self.parts.tasks.draining() => return,
                () = sleep(LOOK) => {}
            }
        }
    }

    async fn apply_changed(&self) -> Result<(), StoreError> {
        for document in self.parts.store.unapplied(DocumentKind::Schedule, BATCH).await? {
            let Some(intent) = IntentKey::read(&document.parent) else { continue };
            self.bring(&ScheduleKey { intent, name: document.name }).await;
        }
        Ok(())
    }

    /// Brings the engine to the latest revision of a schedule. Returns whether it has it.
    pub(super) async fn bring(&self, key: &ScheduleKey) -> bool {
        let applied = self.apply(key).await;
        if let Err(error) = &applied {
            let error = workflow_api::chain(error);
            tracing::warn!(schedule = %key, error, "a change of a schedule has not reached Temporal yet");
        }
        applied.is_ok()
    }

    async fn apply(&self, key: &ScheduleKey) -> Result<(), ScheduleError> {
        let (store, document, scheduler) = (&self.parts.store, key.document(), self.scheduler()?);
        let Some(latest) = store.latest_document(&document).await? else { return Ok(()) };
        let latest = revision(latest)?;
        let number = latest.change.revision;
        match latest.into_kept() {
            None => {
                scheduler.delete(key).await?;
                self.adopted(key).await?;
            }
            Some(kept) => {
                let intent = store.latest_revision(&key.intent).await?;
                let exists = intent.is_some_and(|latest| latest.intent.is_some());
                scheduler.put(key, &kept, (!exists).then_some(NO_INTENT)).await?;
                if exists { self.adopted(key).await? } else { self.orphaned(key).await? }
            }
        }
        Ok(store.applied(&document, number).await?)
    }

    /// Raises the alarm that the intent of a schedule was deleted.
    pub(super) async fn orphaned(&self, key: &ScheduleKey) -> Result<(), StoreError> {
        let text = format!("schedule `{}` is paused: {NO_INTENT}", key.name);
        let about = AlarmObject::intent(&key.intent);
        let raised =
            Raised { problem: key.name.clone(), ..Raised::new(about, ProbableCause::IntentDeleted, text) };
        self.alarms.raise(&raised).await.map(drop)
    }

    /// Clears that alarm.
    async fn adopted(&self, key: &ScheduleKey) -> Result<(), StoreError> {
        let about = AlarmObject::intent(&key.intent);
        let at_once = Some(SignedDuration::ZERO);
        self.alarms.clear(&about, ProbableCause::IntentDeleted, &key.name, at_once).await
    }
}
