//! A rule: what the bridge does by itself about workflows that it sees in a certain condition.

mod action;
mod condition;
mod decision;

use crate::faults::Faults;
use crate::read::object;
use crate::rules::{NAME_MAX, is_name};
use crate::{Fault, Metadata, Nanos, cut};
pub use action::{
    AlarmAction, CancelAction, NotifyAction, Once, RuleAction, SignalAction, StartAction, TerminateAction,
};
pub use condition::{
    Condition, FailuresTerm, PendingTerm, QueryTerm, QueueTerm, ScheduleTerm, Subject as RuleSubject,
};
pub use decision::{ActionOutcome, ActionState, DecisionState, Rehearsal, RuleDecision, Term, TermState};

/// The shortest interval between two looks, and the usual one.
const LEAST_INTERVAL: Nanos = Nanos::new(10_000_000_000);
const USUAL_INTERVAL: Nanos = Nanos::new(30_000_000_000);
/// The largest number of actions of a rule.
const MOST_ACTIONS: usize = 10;

object! {
    /// A rule about workflows.
    pub struct WorkflowRule {
        /// Its name and description.
        "metadata" => metadata: Metadata,
        /// What it watches, and what it does.
        "spec" => spec: RuleSpec,
    }
}

object! {
    /// What a rule watches, when it acts, and what it does.
    pub struct RuleSpec {
        /// The intents that it watches.
        "scope" => scope: RuleScope,
        /// The condition.
        "when" => when: Condition,
        /// How long the condition must hold before the rule acts. Zero: it acts at once.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "for" => holds_for: Nanos,
        /// How long the condition must not hold before what the rule has seen has ended. Zero: it ends at once.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "clearFor" => clear_for: Nanos,
        /// The interval between two looks, at least 10 s. Zero: 30 s.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "every" => every: Nanos,
        /// What it does, in this order: 1 to 10 actions.
        "then" => then: Vec<RuleAction>,
    }
}

object! {
    /// The intents that a rule watches: those whose names fit all of these, in which `*` stands for any text. Empty:
    /// any.
    #[derive(Eq)]
    pub struct RuleScope {
        /// The project. Only a rule over all projects can have it.
        #[serde(skip_serializing_if = "String::is_empty")]
        "project" => project: String,
        /// The composite app.
        #[serde(skip_serializing_if = "String::is_empty")]
        "compositeApp" => composite_app: String,
        /// Its version.
        #[serde(skip_serializing_if = "String::is_empty")]
        "version" => version: String,
        /// The deployment intent group.
        #[serde(skip_serializing_if = "String::is_empty")]
        "deploymentIntentGroup" => deployment_intent_group: String,
        /// The intent.
        #[serde(skip_serializing_if = "String::is_empty")]
        "intent" => intent: String,
    }
}

impl RuleScope {
    /// Returns whether the intent is one of those.
    #[must_use]
    pub fn covers(&self, intent: &crate::IntentKey) -> bool {
        let dig = &intent.dig;
        [
            (&self.project, &dig.project),
            (&self.composite_app, &dig.composite_app),
            (&self.version, &dig.version),
            (&self.deployment_intent_group, &dig.dig),
            (&self.intent, &intent.name),
        ]
        .into_iter()
        .all(|(pattern, name)| pattern.is_empty() || crate::glob::matches(pattern, name))
    }
}

impl RuleSpec {
    /// Returns the interval between two looks.
    #[must_use]
    pub fn interval(&self) -> Nanos {
        if self.every.is_zero() { USUAL_INTERVAL } else { self.every }
    }
}

impl WorkflowRule {
    /// Returns the faults for which this rule cannot be kept. Empty if it is valid. `over_all` is whether it is over
    /// all projects.
    #[must_use]
    pub fn faults(&self, over_all: bool) -> Vec<Fault> {
        let mut faults = Faults::default();
        let (name, spec) = (&self.metadata.name, &self.spec);
        let mut add = |path: &str, text: String| faults.push(|| Fault::new(path, text));
        if !is_name(name) {
            let name = cut(name);
            add(
                "$.metadata.name",
                format!("`{name}` is not a name: write 1 to {NAME_MAX} letters, digits, `-`, `_` or `.`"),
            );
        }
        if !over_all && !spec.scope.project.is_empty() {
            add(
                "$.spec.scope.project",
                "is that of the path: only a rule over all projects can have it".to_owned(),
            );
        }
        if !spec.every.is_zero() && spec.every < LEAST_INTERVAL {
            add("$.spec.every", "must be at least 10s; zero stands for 30s".to_owned());
        }
        for (path, time) in [("$.spec.for", spec.holds_for), ("$.spec.clearFor", spec.clear_for)] {
            if time.get() < 0 {
                add(path, "must not be negative".to_owned());
            }
        }
        if spec.then.is_empty() || spec.then.len() > MOST_ACTIONS {
            let count = spec.then.len();
            add("$.spec.then", format!("has {count} actions: write 1 to {MOST_ACTIONS}"));
        }
        condition::collect(&spec.when, &mut faults);
        for (at, action) in spec.then.iter().enumerate() {
            action.collect(&format!("$.spec.then[{at}]"), spec.when.subject(), over_all, &mut faults);
        }
        faults.into_list()
    }
}

#[cfg(test)]
mod tests;
