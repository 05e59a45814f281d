//! What a rule does.

use super::condition::Subject;
use crate::faults::Faults;
use crate::read::{FromJson, Level, Node, Reader, object};
use crate::rules::is_name;
use crate::{Fault, Nanos, RawJson, StartOverrides, cut};

/// The longest text of an action.
const TEXT_MAX: usize = 1000;

object! {
    /// An action: exactly one of these, and how often.
    pub struct RuleAction {
        /// Raises an alarm about the workflow or the intent, which is cleared when what the rule has seen has ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        "alarm" => alarm: Option<AlarmAction>,
        /// Sends one notification to the targets that the operator has registered.
        #[serde(skip_serializing_if = "Option::is_none")]
        "notify" => notify: Option<NotifyAction>,
        /// Sends a signal to the workflow.
        #[serde(skip_serializing_if = "Option::is_none")]
        "signal" => signal: Option<SignalAction>,
        /// Cancels the workflow.
        #[serde(skip_serializing_if = "Option::is_none")]
        "cancel" => cancel: Option<CancelAction>,
        /// Terminates the workflow.
        #[serde(skip_serializing_if = "Option::is_none")]
        "terminate" => terminate: Option<TerminateAction>,
        /// Starts an intent.
        #[serde(skip_serializing_if = "Option::is_none")]
        "start" => start: Option<StartAction>,
        /// How often it is done.
        "once" => once: Once,
    }
}

object! {
    /// An alarm.
    #[derive(Eq)]
    pub struct AlarmAction {
        /// Its cause, such as `workflowLate`: one of those in `docs/alarms.md`.
        "probableCause" => probable_cause: String,
        /// Its severity, such as `MAJOR`. Empty: the usual one of its cause.
        #[serde(skip_serializing_if = "String::is_empty")]
        "severity" => severity: String,
        /// What was seen, in a sentence. Empty: what the terms of the condition have seen.
        #[serde(skip_serializing_if = "String::is_empty")]
        "text" => text: String,
    }
}

object! {
    /// A notification.
    #[derive(Eq)]
    pub struct NotifyAction {
        /// Its text, which can have the placeholders of `start`.
        "text" => text: String,
    }
}

object! {
    /// A signal.
    pub struct SignalAction {
        /// Its name.
        "name" => name: String,
        /// Its arguments, in order.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
        "args" => args: Vec<RawJson>,
    }
}

object! {
    /// A cancellation.
    #[derive(Eq)]
    pub struct CancelAction {
        /// The reason, for the history.
        #[serde(skip_serializing_if = "String::is_empty")]
        "reason" => reason: String,
        /// How long the workflow has before it is terminated. Zero: as long as it needs.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "escalateAfter" => escalate_after: Nanos,
    }
}

object! {
    /// A termination.
    #[derive(Eq)]
    pub struct TerminateAction {
        /// The reason, for the history.
        #[serde(skip_serializing_if = "String::is_empty")]
        "reason" => reason: String,
    }
}

object! {
    /// A start. In the texts of `start`, these stand for what was seen: `{{seen.intent}}`, `{{seen.group}}`,
    /// `{{seen.compositeApp}}`, `{{seen.version}}`, `{{seen.project}}`, `{{seen.workflowID}}`, `{{seen.runID}}`.
    #[derive(Eq)]
    pub struct StartAction {
        /// The composite app of the intent. Empty: that of the intent that was seen.
        #[serde(skip_serializing_if = "String::is_empty")]
        "compositeApp" => composite_app: String,
        /// Its version. Empty: that of the intent that was seen.
        #[serde(skip_serializing_if = "String::is_empty")]
        "version" => version: String,
        /// The deployment intent group. Empty: that of the intent that was seen.
        #[serde(skip_serializing_if = "String::is_empty")]
        "deploymentIntentGroup" => deployment_intent_group: String,
        /// The intent. Empty: the intent that was seen.
        #[serde(skip_serializing_if = "String::is_empty")]
        "intent" => intent: String,
        /// What the start does differently from the intent.
        "start" => start: StartOverrides,
    }
}

/// How often an action is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Once {
    /// Each time that the condition begins to hold.
    #[default]
    Episode,
    /// Once for a run, or for an intent if the condition is about the intent, however often it begins to hold.
    Run,
}

impl FromJson for Once {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        match reader.level(node) {
            Level::Null => {}
            Level::String(text) => match text.as_ref() {
                "Episode" => *self = Self::Episode,
                "Run" => *self = Self::Run,
                other => reader.fault(format!("`{}` is not known: write Episode or Run", cut(other))),
            },
            other => reader.mismatch("a text", &other),
        }
    }
}

impl RuleAction {
    /// Returns its name.
    #[must_use]
    pub fn word(&self) -> &'static str {
        let words = [
            (self.alarm.is_some(), "alarm"),
            (self.notify.is_some(), "notify"),
            (self.signal.is_some(), "signal"),
            (self.cancel.is_some(), "cancel"),
            (self.terminate.is_some(), "terminate"),
        ];
        words.into_iter().find_map(|(present, word)| present.then_some(word)).unwrap_or("start")
    }

    /// Adds its faults.
    pub(super) fn collect(&self, path: &str, subject: Subject, over_all: bool, faults: &mut Faults) {
        let mut add = |below: &str, text: &str| faults.push(|| Fault::new(format!("{path}{below}"), text));
        let Self { alarm, notify, signal, cancel, terminate, start, once: _ } = self;
        let of_run = [signal.is_some(), cancel.is_some(), terminate.is_some()];
        let others = [alarm.is_some(), notify.is_some(), start.is_some()];
        if of_run.iter().chain(&others).filter(|is| **is).count() != 1 {
            add(
                "",
                "must have exactly one of `alarm`, `notify`, `signal`, `cancel`, `terminate` and `start`",
            );
        }
        if of_run.contains(&true) && subject == Subject::Intent {
            add(
                "",
                "is about a run, but the condition is about intents alone: add a term about runs, such as `state`",
            );
        }
        if alarm.as_ref().is_some_and(|alarm| alarm.probable_cause.is_empty()) {
            add(".alarm.probableCause", "is required, such as `workflowLate`");
        }
        if signal.as_ref().is_some_and(|signal| signal.name.is_empty()) {
            add(".signal.name", "is required");
        }
        if notify.as_ref().is_some_and(|notify| notify.text.is_empty()) {
            add(".notify.text", "is required");
        }
        if cancel.as_ref().is_some_and(|cancel| cancel.escalate_after.get() < 0) {
            add(".cancel.escalateAfter", "must not be negative");
        }
        if let Some(start) = start {
            let StartAction { composite_app, version, deployment_intent_group, intent, start: _ } = start;
            let names = [
                ("compositeApp", composite_app),
                ("version", version),
                ("deploymentIntentGroup", deployment_intent_group),
                ("intent", intent),
            ];
            for (field, name) in names {
                if !name.is_empty() && !is_name(name) {
                    add(&format!(".start.{field}"), "is not a name");
                }
            }
            if over_all && !composite_app.is_empty() {
                add(
                    ".start.compositeApp",
                    "must be empty in a rule over all projects: it starts intents where it has seen something",
                );
            }
        }
        let texts = [
            (".alarm.text", alarm.as_ref().map(|alarm| &alarm.text)),
            (".notify.text", notify.as_ref().map(|notify| &notify.text)),
            (".signal.name", signal.as_ref().map(|signal| &signal.name)),
            (".cancel.reason", cancel.as_ref().map(|cancel| &cancel.reason)),
            (".terminate.reason", terminate.as_ref().map(|terminate| &terminate.reason)),
        ];
        for (below, text) in texts {
            if text.is_some_and(|text| text.len() > TEXT_MAX) {
                add(below, "has more than 1000 bytes");
            }
        }
    }
}
