//! Lists the intents of a group, page by page, with filters.

use futures::{StreamExt, TryStreamExt, stream};
use workflow_api::{ClientStanding, WorkflowIntent, WorkflowState, WorkflowType};

use super::{Intents, IntentsError};
use crate::access::{Action, Resource};
use crate::chain::last_run;
use crate::model::{DigKey, IntentKey, Outcome, WorkflowRun};
use crate::ports::Outline;
use crate::request::Request;

/// How many intents are read from the database at once.
const BATCH: u32 = 200;
/// How many runs are looked up in the engine at once.
const LOOKS: usize = 16;

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
    pub intents: Vec<WorkflowIntent>,
    /// The last name on this page; the next page begins after it. `None` on the last page.
    pub next: Option<String>,
}

impl Intents {
    /// Returns intents of a group, ordered by name.
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
        let mut after = listing.after.clone();
        // One more than requested shows whether there is a next page.
        let size = listing.limit.map_or(BATCH, |limit| limit.saturating_add(1).min(BATCH));
        loop {
            let batch = self.parts.store.intents(dig, &after, size).await?;
            let Some(last) = batch.last() else { return Ok(page) };
            after.clone_from(&last.intent.metadata.name);
            let found = stream::iter(batch.into_iter().map(|kept| kept.intent))
                .map(|intent| self.filtered(dig, &listing.filter, intent))
                .buffered(LOOKS)
                .try_filter_map(async |found| Ok(found));
            let mut found = std::pin::pin!(found);
            while let Some(intent) = found.try_next().await? {
                if listing.limit.is_some_and(|limit| page.intents.len() >= limit as usize) {
                    page.next = page.intents.last().map(|last| last.metadata.name.clone());
                    return Ok(page);
                }
                page.intents.push(intent);
            }
        }
    }

    async fn filtered(
        &self,
        dig: &DigKey,
        filter: &IntentFilter,
        intent: WorkflowIntent,
    ) -> Result<Option<WorkflowIntent>, IntentsError> {
        let holds = filter.matches(&intent)
            && self.matches_run(filter, &IntentKey::of(dig, &intent)).await?
            && match filter.client_check {
                Some(wanted) => self.ask_client(&intent).await.standing() == wanted,
                None => true,
            };
        Ok(holds.then_some(intent))
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
        let latest = self.lookup.latest_start(key, |run| match run.outcome {
            Outcome::Started { run_id, .. } => Some((run.workflow_id, run_id.unwrap_or_default())),
            Outcome::Starting | Outcome::NotStarted { .. } | Outcome::Unknown { .. } => None,
        });
        let Some((workflow_id, run_id)) = latest.await? else { return Ok(None) };
        let run = WorkflowRun { target: self.parts.targets.home(), workflow_id, run_id };
        Ok(last_run(&self.parts, &run).await?)
    }
}

impl IntentFilter {
    fn matches(&self, intent: &WorkflowIntent) -> bool {
        let temporal = &intent.spec.temporal;
        self.workflow_client_name.as_ref().is_none_or(|name| temporal.workflow_client_name == *name)
            && self
                .task_queue
                .as_ref()
                .is_none_or(|queue| temporal.workflow_start_options.task_queue.as_str() == queue)
    }
}
