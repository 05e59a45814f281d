//! What a rule watches.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use workflow_api::{RuleSubject, WorkflowRule};

use super::{RuleError, Rules};
use crate::access::{Action, Resource};
use crate::model::{IntentKey, Outcome, RuleKey, StartRecord, SubjectId};
use crate::ports::{StoreError, Successful};
use crate::request::Request;

/// How many are read at once.
const BATCH: u32 = 1000;
/// A turn can be late: a bridge may have ended, or the machine may be busy.
const SLACK: SignedDuration = SignedDuration::from_mins(10);

/// A subject of a rule: an intent, or the run of one of its starts.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    pub(super) id: SubjectId,
    pub(super) intent: IntentKey,
    pub(super) start: Option<StartRecord>,
}

/// All subjects of a rule.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    pub(super) watched: Vec<Watched>,
    /// When each intent was last changed.
    pub(super) changed: HashMap<IntentKey, Timestamp>,
    /// An intent in the rule's scope that the rule may not see.
    pub(super) denied: Option<(IntentKey, String)>,
}

impl Rules {
    /// Returns what a rule watches: what is in its scope, and what it may see.
    pub(super) async fn subjects(
        &self,
        request: &Request,
        key: &RuleKey,
        rule: &WorkflowRule,
    ) -> Result<Subjects, RuleError> {
        let mut subjects = Subjects::default();
        let (scope, project) = (&rule.spec.scope, key.project.as_deref());
        let mut seen = HashMap::new();
        let mut may_see = |subjects: &mut Subjects, intent: &IntentKey| {
            let decide = || self.parts.access.would_allow(request, Action::Status, Resource::Intent(intent));
            *seen.entry(intent.clone()).or_insert_with(|| {
                let decided = decide();
                if let Err(reason) = &decided {
                    subjects.denied.get_or_insert_with(|| (intent.clone(), reason.clone()));
                }
                decided.is_ok()
            })
        };
        let of_runs = rule.spec.when.subject() == RuleSubject::Run;
        let needs_change = rule.spec.when.has(&|part| !part.not_started_for.is_zero());
        if !of_runs || needs_change {
            for (intent, changed) in self.intents(project).await? {
                if scope.covers(&intent) && may_see(&mut subjects, &intent) {
                    if !of_runs {
                        let id = SubjectId::new(&intent, None);
                        subjects.watched.push(Watched { id, intent: intent.clone(), start: None });
                    }
                    subjects.changed.insert(intent, changed);
                }
            }
        }
        if of_runs {
            for start in self.starts(project, seen_by_all(rule, request.now)).await? {
                if scope.covers(&start.intent) && may_see(&mut subjects, &start.intent) {
                    let (id, intent) = (SubjectId::new(&start.intent, Some(start.id)), start.intent.clone());
                    subjects.watched.push(Watched { id, intent, start: Some(start) });
                }
            }
        }
        Ok(subjects)
    }

    async fn intents(&self, project: Option<&str>) -> Result<Vec<(IntentKey, Timestamp)>, StoreError> {
        let mut all: Vec<(IntentKey, Timestamp)> = Vec::new();
        loop {
            let after = all.last().map(|(intent, _)| intent.clone());
            let page = self.parts.store.intents_in(project, after.as_ref(), BATCH).await?;
            let more = page.len() == BATCH as usize;
            all.extend(page);
            if !more {
                return Ok(all);
            }
        }
    }

    async fn starts(
        &self,
        project: Option<&str>,
        noted_after: Timestamp,
    ) -> Result<Vec<StartRecord>, StoreError> {
        let mut all: Vec<StartRecord> = Vec::new();
        loop {
            let after = all.last().map(|start| start.id);
            let page = self.parts.store.watched(project, noted_after, after, BATCH).await?;
            let more = page.len() == BATCH as usize;
            all.extend(page);
            if !more {
                return Ok(all);
            }
        }
    }

    /// Returns when an intent was last changed or started; `None` if it does not exist.
    pub(super) async fn idle_since(
        &self,
        subjects: &Subjects,
        intent: &IntentKey,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some(changed) = subjects.changed.get(intent) else { return Ok(None) };
        let last = self.parts.store.last_start(intent, Successful::Perhaps).await?;
        Ok(Some(last.map_or(*changed, |last| last.requested_at.max(*changed))))
    }
}

/// Returns since when an end must have been noted for a rule to look at it still. Another rule may have noted it, and
/// the condition must hold for a while.
fn seen_by_all(rule: &WorkflowRule, now: Timestamp) -> Timestamp {
    let times = rule.spec.holds_for.to_signed() + rule.spec.interval().to_signed() * 3 + SLACK;
    now.saturating_sub(times).unwrap_or(Timestamp::MIN)
}

impl Watched {
    /// Returns since when it is not known whether the start has started a workflow.
    pub(super) fn unknown_since(&self) -> Option<Timestamp> {
        let start = self.start.as_ref()?;
        matches!(start.outcome, Outcome::Unknown { .. } | Outcome::Starting).then_some(start.requested_at)
    }
}
