//! Finds starts of all intents, page by page.

use workflow_api::WorkflowState;

use super::{LiveRun, LiveState, RunError, Runs};
use crate::access::{Action, Resource};
use crate::model::{StartId, StartRecord};
use crate::request::Request;

/// How many starts are read from the database at once, and how many a search for a state examines.
const BATCH: u32 = 200;

/// Which starts to find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunSearch {
    /// The project; `None` for all.
    pub project: Option<String>,
    /// Whether only starts are meant that may have led to a workflow of their own whose end nobody has noted. Rules
    /// note ends; without a rule, a run that has ended can be among them.
    pub open: bool,
    /// The state of their runs; `None` for any.
    pub state: Option<WorkflowState>,
    /// The start before which the page begins; `None` for the newest.
    pub before: Option<StartId>,
    /// Maximum number of starts.
    pub limit: u32,
}

/// A page of starts, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunPage {
    /// The starts, and the state of their runs.
    pub runs: Vec<LiveRun>,
    /// The last start that this page has or has examined; the next page begins before it. `None` on the last page.
    pub next: Option<StartId>,
}

impl Runs {
    /// Returns those starts of all intents that the caller may see, newest first. A search for a state examines one
    /// batch of them; the page may then have fewer starts than requested, or none.
    ///
    /// # Errors
    /// Returns an error if the caller may see starts nowhere, or if the database fails.
    pub async fn search(&self, request: &Request, search: &RunSearch) -> Result<RunPage, RunError> {
        self.parts.access.authorize_somewhere(request, Action::SearchRuns).await?;
        let limit = search.limit as usize;
        let most = if search.state.is_some() { BATCH as usize } else { limit };
        let (starts, more) = self.newest(request, search, most).await?;
        let mut next = starts.last().map(|last| last.id).filter(|_| more);
        let mut runs = self.live(starts).await;
        if let Some(wanted) = search.state {
            runs.retain(|run| matches!(run.state, LiveState::Known { state, .. } if state == wanted));
        }
        if runs.len() > limit {
            runs.truncate(limit);
            next = runs.last().map(|last| last.start.id);
        }
        Ok(RunPage { runs, next })
    }

    /// Returns at most `most` starts that the caller may see, and whether there are more.
    async fn newest(
        &self,
        request: &Request,
        search: &RunSearch,
        most: usize,
    ) -> Result<(Vec<StartRecord>, bool), RunError> {
        let (mut found, mut before) = (Vec::new(), search.before);
        loop {
            let project = search.project.as_deref();
            let batch = self.parts.store.search_starts(project, search.open, before, BATCH).await?;
            let is_last = batch.len() < BATCH as usize;
            before = batch.last().map(|last| last.id);
            found.extend(batch.into_iter().filter(|start| self.may_see(request, start)));
            if is_last || found.len() > most {
                let more = found.len() > most;
                found.truncate(most);
                return Ok((found, more));
            }
        }
    }

    fn may_see(&self, request: &Request, start: &StartRecord) -> bool {
        let resource = Resource::Intent(&start.intent);
        self.parts.access.would_allow(request, Action::GetRun, resource).is_ok()
    }
}
