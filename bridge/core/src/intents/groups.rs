//! Lists the deployment intent groups that have intents.

use super::{Intents, IntentsError};
use crate::access::{Action, Resource};
use crate::model::DigKey;
use crate::request::Request;

/// How many groups are read from the database at once.
const BATCH: u32 = 500;

/// A page of groups, ordered by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupPage {
    /// The groups.
    pub groups: Vec<DigKey>,
    /// The last group of this page; the next page begins after it. `None` on the last page.
    pub next: Option<DigKey>,
}

impl Intents {
    /// Returns those groups with intents whose lists the caller may see, of all projects or of one, ordered by their
    /// names. At most `limit`, if given, and only those after `after`.
    ///
    /// # Errors
    /// Returns an error if the caller may list groups nowhere, or if the database fails.
    pub async fn groups(
        &self,
        request: &Request,
        project: Option<&str>,
        after: Option<DigKey>,
        limit: Option<u32>,
    ) -> Result<GroupPage, IntentsError> {
        self.parts.access.authorize_somewhere(request, Action::ListGroups).await?;
        let mut page = GroupPage::default();
        let mut after = after;
        loop {
            let batch = self.parts.store.groups(project, after.as_ref(), BATCH).await?;
            let more = batch.len() == BATCH as usize;
            after = batch.last().cloned();
            let may_list = |dig: &DigKey| {
                self.parts.access.would_allow(request, Action::ListIntents, Resource::Group(dig)).is_ok()
            };
            for group in batch.into_iter().filter(may_list) {
                if limit.is_some_and(|limit| page.groups.len() >= limit as usize) {
                    page.next = page.groups.last().cloned();
                    return Ok(page);
                }
                page.groups.push(group);
            }
            if !more {
                return Ok(page);
            }
        }
    }
}
