//! Creates, replaces and deletes rules.

use std::sync::Arc;

use workflow_api::alarms::PerceivedSeverity;
use workflow_api::{Fault, RuleAction, WorkflowRule, bounded, cut};

use super::{MOST_RULES, RuleError, RuleRevision, Rules, sound};
use crate::access::{Action, Permit};
use crate::conditions::Conditions;
use crate::model::{
    Change, ChangeKind, DocumentKind, DocumentRevision, KeptRule, ProbableCause, RevisionNumber, RuleKey,
};
use crate::request::Request;

/// The options of a change.
#[derive(Debug, Clone, Default)]
pub struct RuleOptions {
    /// The revision that the rule must be at.
    pub conditions: Conditions,
    /// Whether everything is validated but nothing is stored.
    pub dry_run: bool,
}

/// The result of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedRule {
    /// The rule, as it is stored.
    pub kept: KeptRule,
    /// Whether it did not exist before.
    pub created: bool,
}

impl Rules {
    /// Creates a rule, or replaces the one of this name. A rule without a name gets that of `key`. A replacement that
    /// is equal makes no revision. Needs the right to see what the rule sees and to do what it does, in the whole
    /// project.
    ///
    /// # Errors
    /// Returns all faults of the rule at once, or an error if the database fails.
    pub async fn put(
        &self,
        request: &Request,
        key: &RuleKey,
        mut rule: WorkflowRule,
        options: &RuleOptions,
    ) -> Result<ChangedRule, RuleError> {
        let mut permit =
            self.parts.access.authorize_with(request, Action::PutRule, &needed(&rule), key.place()).await?;
        permit.about_rule(&key.name);
        self.watch()?;
        if rule.metadata.name.is_empty() {
            rule.metadata.name.clone_from(&key.name);
        }
        check(key, &rule)?;
        let rule = Arc::new(rule);
        loop {
            let latest = self.latest(key).await?;
            let number =
                latest.as_ref().map_or(RevisionNumber::FIRST, |latest| latest.change.revision.next());
            let current = latest.and_then(RuleRevision::into_kept);
            check_conditions(key, options, current.as_ref().map(|kept| kept.revision))?;
            let created = current.is_none();
            if let Some(kept) = current.filter(|kept| kept.rule == rule) {
                return Ok(ChangedRule { kept, created: false });
            }
            if created && self.is_full(key).await? {
                return Err(RuleError::TooMany(key.clone()));
            }
            let kept = KeptRule { revision: number, rule: Arc::clone(&rule) };
            let kind = if created { ChangeKind::Created } else { ChangeKind::Replaced };
            if options.dry_run || self.keep(request, &permit, key, number, kind, Some(&rule)).await? {
                return Ok(ChangedRule { kept, created });
            }
        }
    }

    /// Deletes a rule. Its alarms are cleared, and its revisions stay.
    ///
    /// # Errors
    /// Returns an error if it does not exist, or is not at the expected revision.
    pub async fn delete(
        &self,
        request: &Request,
        key: &RuleKey,
        options: &RuleOptions,
    ) -> Result<(), RuleError> {
        let mut permit = self.parts.access.authorize(request, Action::DeleteRule, key.place()).await?;
        permit.about_rule(&key.name);
        loop {
            let current = self.kept(key).await?.revision;
            check_conditions(key, options, Some(current))?;
            let kind = ChangeKind::Deleted;
            if options.dry_run || self.keep(request, &permit, key, current.next(), kind, None).await? {
                return Ok(());
            }
        }
    }

    /// Adds a revision, and makes the engine look at the rule. Returns false if the number was taken in the meantime.
    async fn keep(
        &self,
        request: &Request,
        permit: &Permit,
        key: &RuleKey,
        number: RevisionNumber,
        kind: ChangeKind,
        rule: Option<&WorkflowRule>,
    ) -> Result<bool, RuleError> {
        let change = Change { revision: number, kind, by: request.actor.to_string(), at: request.now };
        let json = rule.map(workflow_api::to_go_text);
        let added = DocumentRevision { change, json };
        let event = permit.changed_rule(number);
        if !self.parts.store.add_document(&key.document(), &added, &event).await? {
            return Ok(false);
        }
        let Change { revision, kind, by, .. } = added.change;
        tracing::info!(rule = %key, %revision, action = kind.word(), by, "rule changed");
        let (rules, key) = (self.clone(), key.clone());
        // If this fails, it is tried again every few seconds. The caller need not wait for the engine.
        self.parts.tasks.spawn(async move { rules.bring(&key).await });
        Ok(true)
    }

    async fn is_full(&self, key: &RuleKey) -> Result<bool, RuleError> {
        let rules = self.parts.store.documents(DocumentKind::Rule, key.parent(), "", MOST_RULES).await?;
        Ok(rules.len() >= MOST_RULES as usize)
    }
}

pub(super) fn check(key: &RuleKey, rule: &WorkflowRule) -> Result<(), RuleError> {
    let (mut faults, named) = (rule.faults(key.project.is_none()), &rule.metadata.name);
    if *named != key.name {
        let (named, name) = (cut(named), cut(&key.name));
        let text = format!("is `{named}`, but the path names `{name}`: a rule cannot be renamed");
        faults.push(Fault::new("$.metadata.name", text));
    }
    for (at, RuleAction { alarm, .. }) in rule.spec.then.iter().enumerate() {
        let Some(alarm) = alarm else { continue };
        if !alarm.probable_cause.is_empty()
            && let Err(message) = alarm.probable_cause.parse::<ProbableCause>()
        {
            faults.push(Fault::new(format!("$.spec.then[{at}].alarm.probableCause"), message));
        }
        if !alarm.severity.is_empty() && severity(&alarm.severity).is_none() {
            let text = "is not a severity: write INDETERMINATE, WARNING, MINOR, MAJOR or CRITICAL";
            faults.push(Fault::new(format!("$.spec.then[{at}].alarm.severity"), text));
        }
    }
    if !faults.is_empty() {
        return Err(RuleError::Unsound(bounded(faults)));
    }
    // The project of the path is no part of the rule.
    sound(key).map(drop)
}

/// Returns the severity of this word, with which an alarm can be raised.
pub(super) fn severity(word: &str) -> Option<PerceivedSeverity> {
    let severities = PerceivedSeverity::ALL.into_iter().filter(|one| *one != PerceivedSeverity::Cleared);
    severities.into_iter().find(|severity| severity.word() == word)
}

/// Returns what the rule does beside raising alarms, and what it sees.
fn needed(rule: &WorkflowRule) -> Vec<Action> {
    let mut needed = vec![Action::Status];
    if rule.spec.when.has(&|part| part.query.is_some()) {
        needed.push(Action::Query);
    }
    for action in &rule.spec.then {
        let RuleAction { signal, cancel, terminate, start, .. } = action;
        let ends = cancel.as_ref().is_some_and(|cancel| !cancel.escalate_after.is_zero());
        let of_action = [
            (signal.is_some(), Action::Signal),
            (cancel.is_some(), Action::Cancel),
            (terminate.is_some() || ends, Action::Terminate),
            (start.is_some(), Action::Start),
        ];
        needed.extend(of_action.into_iter().filter_map(|(is, action)| is.then_some(action)));
    }
    needed.dedup();
    needed
}

fn check_conditions(
    key: &RuleKey,
    options: &RuleOptions,
    current: Option<RevisionNumber>,
) -> Result<(), RuleError> {
    if options.conditions.hold(current) {
        Ok(())
    } else {
        Err(RuleError::ConditionFailed { rule: key.clone(), current })
    }
}
