//! Lists the intents of a group, page by page, with filters.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use workflow_api::{ClientStanding, WorkflowIntent, WorkflowState, WorkflowType};

use super::{Intents, IntentsError};
use crate::access::{Action, Resource};
use crate::chain::last_run;
use crate::model::{DigKey, IntentKey, KeptIntent, WorkflowRun};
use crate::ports::{Outline, Successful};
use crate::request::Request;

/// How many intents are read from the database at once, and how many a filter that needs calls examines.
const BATCH: u32 = 200;
/// How many runs are looked up, and how many workflow clients asked, at once.
pub(super) const LOOKS: usize = 16;

/// Which intents to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The name after which the page begins; empty for the first page.
    pub after: String,
    /// Maximum number of intents; `None` for all.
    pub limit: Option<u32>,
    /// The filter.
    pub filter: IntentFilter,
}

/// A filter on intents. An intent must meet every part that is present; by default, all intents do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntentFilter {
    /// The workflow client that is called.
    pub workflow_client_name: Option<String>,
    /// The task queue.
    pub task_queue: Option<String>,
    /// The state of the latest run that was started from the intent.
    pub state: Option<WorkflowState>,
    /// The workflow type of that run.
    pub workflow_type: Option<WorkflowType>,
    /// The result of the check by its workflow client.
    pub client_check: Option<ClientStanding>,
}

/// A page of intents of a group, ordered by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IntentPage {
    /// The intents.
    pub intents: Vec<Arc<WorkflowIntent>>,
    /// The last name that this page has or has examined; the next page begins after it. `None` on the last page.
    pub next: Option<String>,
}

impl Intents {
    /// Returns those intents of a group that the caller may get, ordered by name. A filter that needs calls to the
    /// engine or to workflow clients examines one batch of them; the page may then have fewer intents than
    /// requested, or none.
    ///
    /// # Errors
    /// Returns an error if the database fails, or if the filter is about runs and the engine fails.
    pub async fn list(
        &self,
        request: &Request,
        dig: &DigKey,
        listing: &Listing,
    ) -> Result<IntentPage, IntentsError> {
        self.parts.access.authorize(request, Action::ListIntents, Resource::Group(dig)).await?;
        let mut page = IntentPage::default();
        if !dig.faults().is_empty() {
            return Ok(page);
        }
        let visible = self.parts.access.visible(request, dig);
        let mut after = listing.after.clone();
        // One more than requested shows whether there is a next page.
        let mut size = listing
            .limit
            .filter(|_| !listing.filter.calls())
            .map_or(BATCH, |limit| limit.saturating_add(1).min(BATCH));
        loop {
            let batch = self.parts.store.intents(dig, &visible, &after, size).await?;
            let Some(last) = batch.last() else { return Ok(page) };
            after.clone_from(&last.intent.metadata.name);
            let more = batch.len() == size as usize;
            let shown = self.shown(request, dig, batch);
            // The caller gets this name: it must not be one that the gate hides.
            let examined = shown.last().map(|last| last.intent.metadata.name.clone());
            let candidate =
                |kept: KeptIntent| (IntentKey::of(dig, &kept.intent), Arc::clone(&kept.intent), kept.intent);
            let found = self.filtered(&listing.filter, shown.into_iter().map(candidate).collect()).await?;
            for intent in found {
                if listing.limit.is_some_and(|limit| page.intents.len() >= limit as usize) {
                    page.next = page.intents.last().map(|last| last.metadata.name.clone());
                    return Ok(page);
                }
                page.intents.push(intent);
            }
            if !more {
                return Ok(page);
            }
            if listing.filter.calls() && examined.is_some() {
                page.next = examined;
                return Ok(page);
            }
            // The batch did not fill the page, or had nothing to examine. Larger ones keep the number of queries low.
            size = BATCH;
        }
    }

    /// Returns those intents that the caller may get.
    fn shown(&self, request: &Request, dig: &DigKey, batch: Vec<KeptIntent>) -> Vec<KeptIntent> {
        let keys: Vec<_> = batch.iter().map(|kept| IntentKey::of(dig, &kept.intent)).collect();
        let allowed = self.parts.access.would_allow_each(request, Action::GetIntent, &keys);
        batch.into_iter().zip(allowed).filter_map(|(kept, allowed)| allowed.then_some(kept)).collect()
    }

    /// Returns the items whose intents meet the filter.
    pub(super) async fn filtered<T: Send + 'static>(
        &self,
        filter: &IntentFilter,
        batch: Vec<(IntentKey, Arc<WorkflowIntent>, T)>,
    ) -> Result<Vec<T>, IntentsError> {
        let intents = batch.into_iter().filter(|(_, intent, _)| filter.matches(intent));
        let intents: Vec<_> = stream::iter(intents)
            .map(async |(key, intent, item)| {
                let holds = self.matches_run(filter, &key).await?;
                Ok::<_, IntentsError>(holds.then_some((intent, item)))
            })
            .buffered(LOOKS)
            .try_filter_map(async |found| Ok(found))
            .try_collect()
            .await?;
        Ok(match filter.client_check {
            Some(wanted) => self.standing(intents, wanted).await,
            None => intents.into_iter().map(|(_, item)| item).collect(),
        })
    }

    async fn matches_run(&self, filter: &IntentFilter, key: &IntentKey) -> Result<bool, IntentsError> {
        if filter.state.is_none() && filter.workflow_type.is_none() {
            return Ok(true);
        }
        Ok(match self.latest_run(key).await? {
            Some(run) => {
                filter.state.is_none_or(|state| run.state == state)
                    && filter.workflow_type.as_ref().is_none_or(|wanted| run.workflow_type == *wanted)
            }
            None => false,
        })
    }

    /// Returns the state of the workflow that was started last from an intent, in the last run of its chain,
    /// as in its status. Returns `None` if there was no start, or if the engine has deleted the run.
    async fn latest_run(&self, key: &IntentKey) -> Result<Option<Outline>, IntentsError> {
        let Some(start) = self.parts.store.last_start(key, Successful::Surely).await? else {
            return Ok(None);
        };
        let run_id = start.outcome.run_id().cloned().unwrap_or_default();
        let run = WorkflowRun { target: self.parts.targets.home(), workflow_id: start.workflow_id, run_id };
        Ok(last_run(&self.parts, &run).await?)
    }
}

impl IntentFilter {
    /// Returns whether the engine or workflow clients must be asked.
    pub(super) fn calls(&self) -> bool {
        self.state.is_some() || self.workflow_type.is_some() || self.client_check.is_some()
    }

    fn matches(&self, intent: &WorkflowIntent) -> bool {
        let temporal = &intent.spec.temporal;
        self.workflow_client_name.as_ref().is_none_or(|name| temporal.workflow_client_name == *name)
            && self
                .task_queue
                .as_ref()
                .is_none_or(|queue| temporal.workflow_start_options.task_queue.as_str() == queue)
    }
}
