//! What a rule does. Each action has a key, so that a repeat changes nothing: a turn that was cut off is repeated.

use workflow_api::{
    ActionState, DecisionState, IntentKey, Once, RuleAction, RunReference, StartAction, StartOverrides,
};

use super::change::severity;
use super::turn::Turn;
use super::{RuleError, Rules};
use crate::access::Refused;
use crate::lookup::IntentError;
use crate::model::{AlarmObject, Course, ProbableCause, Raised, RuleKey, SubjectId};
use crate::ports::{CommandError, StoreError};
use crate::starts::{StartKeyRequest, StartOrder};
use crate::workflows::{Addressee, SignalOrder, Stop, WorkflowError};

impl Rules {
    /// Clears the alarms that a decision has raised.
    pub(super) async fn clear_alarms(&self, key: &RuleKey, course: &Course) -> Result<(), StoreError> {
        let Some(object) = object(course) else { return Ok(()) };
        for (place, outcome) in course.decision.actions.iter().enumerate() {
            let Ok(cause) = outcome.text.parse::<ProbableCause>() else { continue };
            if matches!(outcome.action.as_str(), "alarm" | "notify") && outcome.state == ActionState::Done {
                self.alarms.clear(&object, cause, &problem(key, place), None).await?;
            }
        }
        Ok(())
    }
}

impl Turn<'_> {
    /// Does what is due, and writes the outcome of each action.
    pub(super) async fn act(
        &self,
        subject: &SubjectId,
        mut version: i64,
        mut course: Course,
    ) -> Result<(), RuleError> {
        let due = course.due();
        if due.is_empty() {
            return Ok(());
        }
        let actions = self.actions(course.decision.revision).await?;
        for place in due {
            let done = match actions.get(place) {
                _ if course.decision.state == DecisionState::Cleared => {
                    (ActionState::Refused, "the condition had ended before".to_owned())
                }
                Some(action) => self.perform(subject, &course, place, action).await,
                None => (ActionState::Refused, "the rule has no such action any more".to_owned()),
            };
            let once = actions.get(place).map_or(Once::Episode, |action| action.once);
            let (state, text) = done;
            if state != ActionState::Done {
                tracing::warn!(rule = %self.key, place, ?state, reason = text, "an action of a rule is not done");
            }
            course.note(place, once, state, text);
            let Some(written) = self.save(subject, Some(version), &course).await? else { return Ok(()) };
            version = written;
        }
        Ok(())
    }

    /// Returns the actions of the rule at the revision that has decided.
    async fn actions(&self, revision: i64) -> Result<Vec<RuleAction>, RuleError> {
        if revision == self.kept.revision.get() {
            return Ok(self.kept.rule.spec.then.clone());
        }
        let then = self.rules.parts.store.document_revision(&self.key.document(), revision.into()).await?;
        let then = then.map(super::revision).transpose()?.and_then(|then| then.rule);
        Ok(then.map(|rule| rule.spec.then.clone()).unwrap_or_default())
    }

    async fn perform(
        &self,
        subject: &SubjectId,
        course: &Course,
        place: usize,
        action: &RuleAction,
    ) -> (ActionState, String) {
        let decision = &course.decision;
        let (Some(intent), Some(object)) = (IntentKey::read(&decision.intent), object(course)) else {
            return (ActionState::Refused, "it is not known which intent this was about".to_owned());
        };
        let episode = if action.once == Once::Run { "once".to_owned() } else { decision.episode.to_string() };
        let word = format!("rule:{}@{}#{episode}.{place}", self.key, subject.0);
        let RuleAction { alarm, notify, signal, cancel, terminate, start, once: _ } = action;
        let problem = problem(self.key, place);
        if let Some(alarm) = alarm {
            let Ok(cause) = alarm.probable_cause.parse() else {
                return (ActionState::Refused, "its cause is not known any more".to_owned());
            };
            let text = if alarm.text.is_empty() { seen(&decision.why) } else { alarm.text.clone() };
            let raised =
                Raised { problem, severity: severity(&alarm.severity), ..Raised::new(object, cause, text) };
            return self.raise(&raised).await;
        }
        if let Some(notify) = notify {
            let text = filled(&notify.text, &intent, course);
            let raised = Raised { problem, ..Raised::new(object, ProbableCause::RuleNotice, text) };
            return self.raise(&raised).await;
        }
        let to = Addressee {
            intent: intent.clone(),
            run: RunReference {
                workflow_id: decision.workflow_id.clone(),
                run_id: decision.run_id.clone(),
                ..RunReference::default()
            },
        };
        let (request, workflows) = (self.request, &self.rules.workflows);
        let reason =
            |reason: &str| if reason.is_empty() { format!("rule `{}`", self.key) } else { reason.to_owned() };
        if let Some(signal) = signal {
            let (name, args) = (signal.name.clone(), signal.args.clone());
            let order = SignalOrder { name, args, key: Some(word), report: false, unchecked: false };
            return of_workflow(workflows.signal(request, &to, order).await);
        }
        if let Some(cancel) = cancel {
            let escalate_after = cancel.escalate_after.to_duration();
            let stop = Stop { reason: reason(&cancel.reason), escalate_after, ..Stop::default() };
            return of_workflow(workflows.cancel(request, &to, &stop).await);
        }
        if let Some(terminate) = terminate {
            let stop = Stop { reason: reason(&terminate.reason), ..Stop::default() };
            return of_workflow(workflows.terminate(request, &to, &stop).await);
        }
        let Some(start) = start else { return (ActionState::Refused, "it is no action".to_owned()) };
        self.start(course, &intent, start, word).await
    }

    async fn raise(&self, raised: &Raised) -> (ActionState, String) {
        match self.rules.alarms.raise(raised).await {
            // The cause is what clears the alarm again.
            Ok(_) => (ActionState::Done, raised.cause.word().to_owned()),
            Err(error) => (ActionState::Due, workflow_api::chain(&error)),
        }
    }

    async fn start(
        &self,
        course: &Course,
        seen: &IntentKey,
        start: &StartAction,
        word: String,
    ) -> (ActionState, String) {
        let or = |name: &str, seen: &str| if name.is_empty() { seen.to_owned() } else { name.to_owned() };
        let mut intent = seen.clone();
        intent.dig.composite_app = or(&start.composite_app, &seen.dig.composite_app);
        intent.dig.version = or(&start.version, &seen.dig.version);
        intent.dig.dig = or(&start.deployment_intent_group, &seen.dig.dig);
        intent.name = or(&start.intent, &seen.name);
        let fill = |text: &str| filled(text, seen, course);
        let params = start.start.activity_params.iter().map(|(activity, params)| {
            let params = params.iter().map(|(name, text)| (name.clone(), fill(text)));
            (activity.clone(), params.collect())
        });
        let overrides = StartOverrides {
            workflow_id: fill(start.start.workflow_id.as_str()).as_str().into(),
            activity_params: params.collect(),
        };
        // What was seen first decides: a repeat must not differ because something has changed meanwhile.
        let key = Some(StartKeyRequest { fingerprint: word.clone(), text: word });
        let order = StartOrder { overrides, key, revision: None };
        match self.rules.starts.start(self.request, &intent, order).await {
            Ok(report) => (ActionState::Done, format!("started `{}`", report.run.workflow_id)),
            Err(error) if error.passes() => (ActionState::Due, workflow_api::chain(&error)),
            Err(error) => (ActionState::Refused, workflow_api::chain(&error)),
        }
    }
}

fn of_workflow<T>(result: Result<T, WorkflowError>) -> (ActionState, String) {
    match result {
        Ok(_) => (ActionState::Done, String::new()),
        Err(WorkflowError::Command(CommandError::AlreadyClosed { state, .. })) => {
            (ActionState::Done, format!("the run had ended already: {state}"))
        }
        Err(error) => {
            let passes = matches!(
                &error,
                WorkflowError::Command(CommandError::Engine(_))
                    // The next look finds the run that continues the work.
                    | WorkflowError::Continued { .. }
                    | WorkflowError::Engine(_)
                    | WorkflowError::Status(_)
                    | WorkflowError::Escalate(_)
                    | WorkflowError::Intent(IntentError::Store(_))
                    | WorkflowError::Refused(Refused::Unrecorded(_))
            );
            let state = if passes { ActionState::Due } else { ActionState::Refused };
            (state, workflow_api::chain(&error))
        }
    }
}

/// Returns what the alarms of a decision are about.
fn object(course: &Course) -> Option<AlarmObject> {
    let intent = IntentKey::read(&course.decision.intent)?;
    let workflow_id = &course.decision.workflow_id;
    Some(if workflow_id.is_empty() {
        AlarmObject::intent(&intent)
    } else {
        AlarmObject::workflow(&intent, workflow_id)
    })
}

/// Returns what distinguishes an alarm of a rule from others.
fn problem(key: &RuleKey, place: usize) -> String {
    format!("rule {key}, action {}", place + 1)
}

/// Returns what the terms that hold have seen. It has no values of queries, which are payloads.
fn seen(why: &workflow_api::Term) -> String {
    fn collect(term: &workflow_api::Term, into: &mut Vec<String>) {
        if term.state == workflow_api::TermState::Holds && !term.seen.is_empty() {
            let is_payload = term.term.starts_with("query ") || term.term.contains("lastFailure");
            into.push(if is_payload { term.term.clone() } else { format!("{}: {}", term.term, term.seen) });
        }
        term.terms.iter().for_each(|term| collect(term, into));
    }
    let mut parts = Vec::new();
    collect(why, &mut parts);
    parts.join("; ")
}

/// Returns a text in which what was seen stands for placeholders.
fn filled(text: &str, intent: &IntentKey, course: &Course) -> String {
    let dig = &intent.dig;
    [
        ("{{seen.project}}", dig.project.as_str()),
        ("{{seen.compositeApp}}", &dig.composite_app),
        ("{{seen.version}}", &dig.version),
        ("{{seen.group}}", &dig.dig),
        ("{{seen.intent}}", &intent.name),
        ("{{seen.workflowID}}", course.decision.workflow_id.as_str()),
        ("{{seen.runID}}", course.decision.run_id.as_str()),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (placeholder, seen)| text.replace(placeholder, seen))
}
