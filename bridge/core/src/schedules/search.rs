//! Finds schedules of all intents, by when they start something next.

use futures::{StreamExt, stream};
use jiff::Timestamp;
use workflow_api::ScheduleStatus;

use super::{ScheduleError, Schedules};
use crate::access::{Action, Resource};
use crate::model::{DocumentKind, IntentKey, KeptSchedule, ScheduleKey};
use crate::ports::EngineError;
use crate::request::Request;

/// How many schedules are looked up in the engine at once.
const WIDTH: usize = 16;
/// How many schedules are looked up at most.
const MOST: usize = 200;

/// A schedule, and what the engine has of it.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundSchedule {
    /// Its key.
    pub key: ScheduleKey,
    /// The schedule.
    pub kept: KeptSchedule,
    /// What the engine has of it; `None` if it cannot be asked, or the caller may not see it.
    pub status: Option<ScheduleStatus>,
}

impl FoundSchedule {
    /// Returns when it starts something next; `None` if it does not, or if that is not known.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        let status = self.status.as_ref().filter(|status| !status.paused)?;
        status.next_times.first().copied()
    }
}

impl Schedules {
    /// Returns schedules of a project, or of all, that the caller may see: at most 200, those first that start
    /// something first.
    ///
    /// # Errors
    /// Returns an error if the caller may see schedules nowhere, or if the database fails.
    pub async fn search(
        &self,
        request: &Request,
        project: Option<&str>,
    ) -> Result<Vec<FoundSchedule>, ScheduleError> {
        self.parts.access.authorize_somewhere(request, Action::SearchSchedules).await?;
        let parents = self.parts.store.document_parents(DocumentKind::Schedule).await?;
        let intents = parents.iter().filter_map(|parent| IntentKey::read(parent));
        let intents = intents.filter(|intent| project.is_none_or(|project| intent.dig.project == project));
        let mut kept = Vec::new();
        for intent in intents.filter(|intent| self.may(request, Action::GetSchedule, intent)) {
            if kept.len() >= MOST {
                break;
            }
            kept.extend(self.all(&intent).await?.into_iter().map(|kept| {
                let name = kept.schedule.metadata.name.clone();
                (ScheduleKey { intent: intent.clone(), name }, kept)
            }));
        }
        kept.truncate(MOST);
        let found = stream::iter(kept).map(async |(key, kept)| {
            let status = self.status_of(request, &key).await;
            FoundSchedule { key, kept, status }
        });
        let mut found: Vec<_> = found.buffered(WIDTH).collect().await;
        found.sort_by_key(|schedule| schedule.next().unwrap_or(Timestamp::MAX));
        Ok(found)
    }

    async fn status_of(&self, request: &Request, key: &ScheduleKey) -> Option<ScheduleStatus> {
        if !self.may(request, Action::ScheduleStatus, &key.intent) {
            return None;
        }
        let looked = self.parts.scheduler.as_ref()?.look(key).await;
        let failed = |error: &EngineError| {
            let error = workflow_api::chain(error);
            tracing::debug!(schedule = %key, error, "the state of a schedule could not be read");
        };
        looked.inspect_err(failed).ok()
    }

    fn may(&self, request: &Request, action: Action, intent: &IntentKey) -> bool {
        self.parts.access.would_allow(request, action, Resource::Intent(intent)).is_ok()
    }
}
