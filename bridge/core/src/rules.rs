//! Use cases about rules. A rule is a document of ours. The engine has a workflow for each rule, which calls
//! [`Rules::turn`] at the rule's interval: one look at everything that the rule watches, and what follows from it.

mod act;
mod change;
mod error;
mod facts;
mod keep;
mod look;
mod rehearse;
mod search;
mod subjects;
mod turn;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use workflow_api::rules::is_name;
use workflow_api::{RuleDecision, WorkflowIntent, WorkflowRule};

use crate::access::{Action, Resource};
use crate::alarms::Alarms;
use crate::model::{
    Change, ChangePage, Course, DocumentKind, DocumentRevision, IntentKey, KeptRule, RevisionNumber, RuleKey,
    SubjectId,
};
use crate::parts::Parts;
use crate::ports::{KeptCourse, StoreError, Watch};
use crate::request::{Actor, Correlation, Proof, Request};
use crate::schedules::Schedules;
use crate::starts::Starts;
use crate::workflows::Workflows;
pub use change::{ChangedRule, RuleOptions};
pub use error::{MOST_RULES, RuleError};
pub use search::{Decided, FoundRule};

/// The most decisions that are listed.
const MOST_DECISIONS: usize = 1000;
/// How many courses are read at once.
const BATCH: u32 = 1000;

/// Use cases about rules.
#[derive(Debug, Clone)]
pub struct Rules {
    parts: Parts,
    starts: Starts,
    workflows: Workflows,
    schedules: Schedules,
    alarms: Alarms,
    /// Hashes of what each rule has kept last of each subject, so that only changes are kept.
    kept: Arc<Mutex<HashMap<(RuleKey, SubjectId), u64>>>,
    /// Held by the turn that lists runs now.
    lists: Arc<tokio::sync::Mutex<()>>,
}

/// A revision of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleRevision {
    /// The change that made it.
    pub change: Change,
    /// The rule; `None` if the revision is its deletion.
    pub rule: Option<Arc<WorkflowRule>>,
}

impl Rules {
    pub(crate) fn new(
        parts: Parts,
        starts: Starts,
        workflows: Workflows,
        schedules: Schedules,
        alarms: Alarms,
    ) -> Self {
        Self { parts, starts, workflows, schedules, alarms, kept: Arc::default(), lists: Arc::default() }
    }

    /// Returns all rules of a project, or those over all projects, ordered by name.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn list(&self, request: &Request, project: Option<&str>) -> Result<Vec<KeptRule>, RuleError> {
        self.parts.access.authorize(request, Action::ListRules, place(project)).await?;
        // What stands for all projects is no name, so a path with it has no rules.
        if !project.is_none_or(is_name) {
            return Ok(Vec::new());
        }
        let parent = RuleKey { project: project.map(str::to_owned), name: String::new() };
        Ok(self.all(parent.parent()).await?)
    }

    /// Returns a rule.
    ///
    /// # Errors
    /// Returns an error if it does not exist, or the database fails.
    pub async fn get(&self, request: &Request, key: &RuleKey) -> Result<KeptRule, RuleError> {
        self.parts.access.authorize(request, Action::GetRule, key.place()).await?;
        self.kept(key).await
    }

    /// Returns at most `limit` changes of a rule, newest first, and only those before `before`, if given. The changes
    /// of a deleted rule are kept.
    ///
    /// # Errors
    /// Returns an error if the rule never existed, or the database fails.
    pub async fn changes(
        &self,
        request: &Request,
        key: &RuleKey,
        before: Option<RevisionNumber>,
        limit: u32,
    ) -> Result<ChangePage, RuleError> {
        self.parts.access.authorize(request, Action::ListRuleChanges, key.place()).await?;
        let document = sound(key)?.document();
        // One more than requested shows whether there is a next page.
        let changes = self.parts.store.document_changes(&document, before, limit.saturating_add(1)).await?;
        if changes.is_empty() && before.is_none() {
            return Err(RuleError::NoSuchRule(key.clone()));
        }
        Ok(ChangePage::new(changes, limit))
    }

    /// Returns one revision of a rule. `number` is as the caller wrote it.
    ///
    /// # Errors
    /// Returns an error if there is no revision of this number, or the database fails.
    pub async fn revision(
        &self,
        request: &Request,
        key: &RuleKey,
        number: &str,
    ) -> Result<RuleRevision, RuleError> {
        self.parts.access.authorize(request, Action::GetRuleRevision, key.place()).await?;
        let found = match (sound(key), number.parse()) {
            (Ok(key), Ok(number)) => self.parts.store.document_revision(&key.document(), number).await?,
            _ => None,
        };
        let no_such = || RuleError::NoSuchRevision { rule: key.clone(), revision: number.to_owned() };
        Ok(revision(found.ok_or_else(no_such)?)?)
    }

    /// Returns what a rule has decided in the last week, newest first: at most 1,000 decisions, those that have ended
    /// last.
    ///
    /// # Errors
    /// Returns an error if the rule does not exist, or the database fails.
    pub async fn decisions(&self, request: &Request, key: &RuleKey) -> Result<Vec<RuleDecision>, RuleError> {
        self.parts.access.authorize(request, Action::ListDecisions, key.place()).await?;
        self.kept(key).await?;
        let mut decisions: Vec<_> = self.courses(key).await?.into_values().map(|(_, c)| c.decision).collect();
        decisions.retain(|decision| decision.episode > 0);
        decisions.sort_by_key(|decision| {
            (decision.cleared_at.is_some(), std::cmp::Reverse(decision.fired_at.max(decision.since)))
        });
        decisions.truncate(MOST_DECISIONS);
        Ok(decisions)
    }

    /// Returns whether there are rules, so that somebody must look.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn any(&self) -> Result<bool, StoreError> {
        self.parts.store.has_documents(DocumentKind::Rule).await
    }

    /// Returns the engine's view of many runs.
    fn watch(&self) -> Result<&Arc<dyn Watch>, RuleError> {
        self.parts.watch.as_ref().ok_or(RuleError::Off)
    }

    /// Returns all rules of a project, or of what stands for all, ordered by name.
    async fn all(&self, parent: &str) -> Result<Vec<KeptRule>, StoreError> {
        let kept = self.parts.store.documents(DocumentKind::Rule, parent, "", MOST_RULES).await?;
        let kept = kept.into_iter().map(|document| {
            let rule = read(&document.name, document.revision, &document.json)?;
            Ok(KeptRule { revision: document.revision, rule })
        });
        kept.collect()
    }

    async fn kept(&self, key: &RuleKey) -> Result<KeptRule, RuleError> {
        self.latest(key)
            .await?
            .and_then(RuleRevision::into_kept)
            .ok_or_else(|| RuleError::NoSuchRule(key.clone()))
    }

    async fn latest(&self, key: &RuleKey) -> Result<Option<RuleRevision>, RuleError> {
        let latest = self.parts.store.latest_document(&sound(key)?.document()).await?;
        Ok(latest.map(revision).transpose()?)
    }

    /// Returns the courses of a rule, each with its version.
    async fn courses(&self, key: &RuleKey) -> Result<HashMap<SubjectId, (i64, Course)>, StoreError> {
        let (mut courses, mut after) = (HashMap::new(), SubjectId(String::new()));
        loop {
            let page = self.parts.store.courses(key, &after, BATCH).await?;
            let more = page.len() == BATCH as usize;
            for KeptCourse { subject, version, json } in page {
                let course = serde_json::from_str(&json).map_err(|error| StoreError::Inconsistent {
                    table: "rule_courses",
                    column: "document",
                    row: format!("{key} {}", subject.0),
                    source: error.into(),
                })?;
                after = subject.clone();
                courses.insert(subject, (version, course));
            }
            if !more {
                return Ok(courses);
            }
        }
    }

    /// Returns an intent; `None` if it does not exist.
    async fn intent(&self, key: &IntentKey) -> Result<Option<Arc<WorkflowIntent>>, StoreError> {
        let latest = self.parts.store.latest_revision(key).await?;
        Ok(latest.and_then(|latest| latest.intent))
    }

    /// Returns a request of the rule itself, on behalf of who wrote it.
    fn request(&self, key: &RuleKey, author: &str) -> Request {
        Request {
            actor: Actor::new(format!("rule/{key}"), Proof::Rule).on_behalf_of(author),
            correlation: Correlation::default(),
            source: Default::default(),
            now: self.parts.clock.now(),
        }
    }
}

impl RuleRevision {
    /// Returns the rule; `None` if the revision is its deletion.
    fn into_kept(self) -> Option<KeptRule> {
        let revision = self.change.revision;
        self.rule.map(|rule| KeptRule { revision, rule })
    }
}

impl RuleKey {
    /// Returns what rights for it must cover.
    #[must_use]
    pub fn place(&self) -> Resource<'_> {
        place(self.project.as_deref())
    }
}

fn place(project: Option<&str>) -> Resource<'_> {
    project.map_or(Resource::Bridge, Resource::Project)
}

/// Returns a key, unless no rule can have it.
fn sound(key: &RuleKey) -> Result<&RuleKey, RuleError> {
    let is_sound = key.project.as_deref().is_none_or(is_name) && is_name(&key.name);
    if is_sound { Ok(key) } else { Err(RuleError::NoSuchRule(key.clone())) }
}

fn revision(found: DocumentRevision) -> Result<RuleRevision, StoreError> {
    let DocumentRevision { change, json } = found;
    let name = change.revision.to_string();
    let rule = json.map(|json| read(&name, change.revision, &json)).transpose()?;
    Ok(RuleRevision { change, rule })
}

fn read(name: &str, number: RevisionNumber, json: &str) -> Result<Arc<WorkflowRule>, StoreError> {
    serde_json::from_str(json).map(Arc::new).map_err(|error| StoreError::Inconsistent {
        table: "document_revisions",
        column: "document",
        row: format!("{name} {number}"),
        source: error.into(),
    })
}
