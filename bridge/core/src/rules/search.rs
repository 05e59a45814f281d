//! Finds rules of all projects, with how much they have decided.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use workflow_api::{DecisionState, RuleDecision};

use super::{RuleError, Rules};
use crate::access::Action;
use crate::model::{ALL_PROJECTS, DocumentKind, KeptRule, RuleKey};
use crate::ports::StoreError;
use crate::request::Request;

/// How many rules are returned at most.
const MOST: usize = 200;
/// Of how many rules the decisions are read at once.
const WIDTH: usize = 8;

/// A rule, and how much it has decided.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundRule {
    /// Its key.
    pub key: RuleKey,
    /// The rule.
    pub kept: KeptRule,
    /// How much it has decided; `None` if the caller may not see that.
    pub decided: Option<Decided>,
}

/// About how many runs or intents a rule has decided to act in the last week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Decided {
    /// All of them.
    pub all: usize,
    /// Those of which what the rule has seen has not ended.
    pub open: usize,
    /// When it decided last.
    pub last: Option<Timestamp>,
}

impl Rules {
    /// Returns rules that the caller may see, at most 200: those over all projects, and then those of a project, or
    /// of each.
    ///
    /// # Errors
    /// Returns an error if the caller may see rules nowhere, or if the database fails.
    pub async fn search(
        &self,
        request: &Request,
        project: Option<&str>,
    ) -> Result<Vec<FoundRule>, RuleError> {
        self.parts.access.authorize_somewhere(request, Action::SearchRules).await?;
        let mut parents = self.parts.store.document_parents(DocumentKind::Rule).await?;
        parents.retain(|parent| parent == ALL_PROJECTS || project.is_none_or(|project| parent == project));
        // No name of a project is before what stands for all.
        parents.sort();
        let mut kept = Vec::new();
        for parent in parents {
            if kept.len() < MOST && self.may(request, Action::ListRules, &RuleKey::of(&parent, "")) {
                let rules = self.all(&parent).await?.into_iter();
                kept.extend(rules.map(|kept| (RuleKey::of(&parent, &kept.rule.metadata.name), kept)));
            }
        }
        kept.truncate(MOST);
        let found = stream::iter(kept).map(async |(key, kept)| {
            let decided = self.decided(request, &key).await?;
            Ok(FoundRule { key, kept, decided })
        });
        found.buffered(WIDTH).boxed().try_collect().await
    }

    async fn decided(&self, request: &Request, key: &RuleKey) -> Result<Option<Decided>, StoreError> {
        if !self.may(request, Action::ListDecisions, key) {
            return Ok(None);
        }
        let mut decided = Decided::default();
        for (_, course) in self.courses(key).await?.into_values() {
            decided.add(&course.decision);
        }
        Ok(Some(decided))
    }

    fn may(&self, request: &Request, action: Action, key: &RuleKey) -> bool {
        self.parts.access.would_allow(request, action, key.place()).is_ok()
    }
}

impl Decided {
    fn add(&mut self, decision: &RuleDecision) {
        self.all += usize::from(decision.fired_at.is_some());
        self.open += usize::from(matches!(decision.state, DecisionState::Fired | DecisionState::Clearing));
        self.last = self.last.max(decision.fired_at);
    }
}
