//! Finds intents of all groups, page by page, with filters.

use std::sync::Arc;

use super::{IntentFilter, Intents, IntentsError};
use crate::access::{Action, Visible};
use crate::model::IntentKey;
use crate::ports::FoundIntent;
use crate::request::Request;

/// How many intents are read from the database at once, and how many a filter that needs calls examines.
pub(super) const BATCH: u32 = 200;
/// How many intents one page examines, so that one whose caller may see few of many comes soon.
pub(super) const MOST: usize = 5000;

/// Which intents to find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntentSearch {
    /// The project; `None` for all.
    pub project: Option<String>,
    /// A text that the name has, in any case; empty for any name.
    pub text: String,
    /// The filter.
    pub filter: IntentFilter,
    /// The intent after which the page begins; `None` for the first page.
    pub after: Option<IntentKey>,
    /// Maximum number of intents.
    pub limit: u32,
}

/// A page of intents, ordered by project, composite app, version, group and name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IntentSearchPage {
    /// The intents.
    pub intents: Vec<FoundIntent>,
    /// The last intent that this page has or has examined; the next page begins after it. `None` on the last page.
    pub next: Option<IntentKey>,
}

impl Intents {
    /// Returns those intents of all groups that the caller may get. One page examines about 5,000 intents at most, or
    /// 200 with a filter that needs calls to the engine or to workflow clients; it may then have fewer than requested,
    /// or none.
    ///
    /// # Errors
    /// Returns an error if the caller may see intents nowhere, if the database fails, or if the filter is about runs
    /// and the engine fails.
    pub async fn search(
        &self,
        request: &Request,
        search: &IntentSearch,
    ) -> Result<IntentSearchPage, IntentsError> {
        self.parts.access.authorize_somewhere(request, Action::SearchIntents).await?;
        let mut page = IntentSearchPage::default();
        let (project, text) = (search.project.as_deref(), search.text.as_str());
        // A place that the database cannot hold would be an error of it.
        let mut after = search.after.clone().filter(IntentKey::is_sound);
        // The caller gets this name: it must not be one that the gate hides.
        let mut last_shown = None;
        let mut examined = 0;
        loop {
            let batch = self.parts.store.search_intents(project, text, after.as_ref(), BATCH).await?;
            let more = batch.len() == BATCH as usize;
            examined += batch.len();
            after = batch.last().map(|last| last.key.clone());
            let shown = self.shown_anywhere(request, batch);
            last_shown = shown.last().map(|last| last.key.clone()).or(last_shown);
            let candidate = |found: FoundIntent| (found.key.clone(), Arc::clone(&found.kept.intent), found);
            let candidates = shown.into_iter().map(candidate).collect();
            for found in self.filtered(&search.filter, candidates).await? {
                if page.intents.len() >= search.limit as usize {
                    page.next = page.intents.last().map(|last| last.key.clone());
                    return Ok(page);
                }
                page.intents.push(found);
            }
            if !more {
                return Ok(page);
            }
            if (search.filter.calls() || examined >= MOST) && last_shown.is_some() {
                page.next = last_shown;
                return Ok(page);
            }
        }
    }

    /// Returns those intents that the caller may get. Nothing is asked about groups in which the caller sees none.
    pub(super) fn shown_anywhere(&self, request: &Request, batch: Vec<FoundIntent>) -> Vec<FoundIntent> {
        let access = &self.parts.access;
        let allowed: Vec<_> = batch
            .chunk_by(|one, next| one.key.dig == next.key.dig)
            .flat_map(|group| match access.visible(request, &group[0].key.dig) {
                Visible::Like(names) if names.is_empty() => vec![false; group.len()],
                Visible::All | Visible::Like(_) => {
                    let keys: Vec<_> = group.iter().map(|found| found.key.clone()).collect();
                    access.would_allow_each(request, Action::GetIntent, &keys)
                }
            })
            .collect();
        batch.into_iter().zip(allowed).filter_map(|(found, allowed)| allowed.then_some(found)).collect()
    }
}
