//! How a decision goes on.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use workflow_api::{ActionOutcome, ActionState, DecisionState, Once, RuleAction, RuleDecision, Term};

use super::facts::Memory;

/// The course of the decisions of a rule about one run or intent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Course {
    /// The current decision, or the last one.
    pub decision: RuleDecision,
    /// Since when the condition does not hold any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceased: Option<Timestamp>,
    /// The actions, by their places in the rule, that were done and are done only once.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub once: BTreeSet<usize>,
    /// What earlier looks have seen.
    #[serde(skip_serializing_if = "Memory::is_empty")]
    pub memory: Memory,
}

/// What has happened to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Same,
    /// It is further, but there is nothing to do.
    Further,
    /// The rule acts.
    Fires,
    /// What the rule had seen has ended.
    Clears,
}

impl Course {
    /// Goes on. `holds` is whether the condition holds now; what is not known changes nothing. `times` are how long it
    /// must hold, and must have ceased to hold.
    pub fn step(
        &mut self,
        holds: Option<bool>,
        why: &Term,
        now: Timestamp,
        times: (SignedDuration, SignedDuration),
    ) -> Step {
        use DecisionState::{Cleared, Clearing, Fired, Pending, Quiet};
        let Some(holds) = holds else { return Step::Same };
        let (hold, clear) = times;
        let decision = &mut self.decision;
        let before = decision.state;
        match (before, holds) {
            (Quiet | Cleared, true) => {
                let RuleDecision { intent, workflow_id, run_id, episode, .. } = std::mem::take(decision);
                *decision = RuleDecision {
                    intent,
                    workflow_id,
                    run_id,
                    episode: episode + 1,
                    ..RuleDecision::default()
                };
                decision.since = Some(now);
                decision.state = Pending;
            }
            (Pending, false) => {
                decision.state = Quiet;
                decision.since = None;
            }
            (Fired, false) => {
                decision.state = Clearing;
                self.ceased = Some(now);
            }
            (Clearing, true) => {
                decision.state = Fired;
                self.ceased = None;
            }
            (Quiet | Cleared | Clearing, false) | (Pending | Fired, true) => {}
        }
        let lasts = |since: Option<Timestamp>| since.map(|since| now.duration_since(since));
        if decision.state == Pending {
            decision.why = why.clone();
            if lasts(decision.since) >= Some(hold) {
                decision.state = Fired;
                decision.fired_at = Some(now);
                return Step::Fires;
            }
        }
        if decision.state == Clearing && lasts(self.ceased) >= Some(clear) {
            decision.state = Cleared;
            decision.cleared_at = Some(now);
            self.ceased = None;
            return Step::Clears;
        }
        if decision.state == before { Step::Same } else { Step::Further }
    }

    /// Lists the actions of the rule as due, except those that are done only once and were done.
    pub fn plan(&mut self, actions: &[RuleAction]) {
        let outcome = |(place, action): (usize, &RuleAction)| {
            let done = action.once == Once::Run && self.once.contains(&place);
            let state = if done { ActionState::Skipped } else { ActionState::Due };
            ActionOutcome { action: action.word().to_owned(), state, text: String::new() }
        };
        self.decision.actions = actions.iter().enumerate().map(outcome).collect();
    }

    /// Notes the outcome of an action.
    pub fn note(&mut self, place: usize, once: Once, state: ActionState, text: String) {
        if let Some(outcome) = self.decision.actions.get_mut(place) {
            (outcome.state, outcome.text) = (state, text);
        }
        if once == Once::Run && state == ActionState::Done {
            self.once.insert(place);
        }
    }

    /// Returns the places of the actions that are due.
    #[must_use]
    pub fn due(&self) -> Vec<usize> {
        let actions = self.decision.actions.iter().enumerate();
        actions.filter(|(_, outcome)| outcome.state == ActionState::Due).map(|(place, _)| place).collect()
    }

    /// Returns whether there is anything to keep: a decision, or what earlier looks have seen.
    #[must_use]
    pub fn matters(&self) -> bool {
        self.decision.state != DecisionState::Quiet || self.decision.episode > 0 || !self.memory.is_empty()
    }
}
