//! What a rule watches and does, in words.

use workflow_api::{
    Condition, FailuresTerm, Once, PendingTerm, QueryTerm, QueueTerm, RuleAction, RuleScope, RuleSpec,
    RuleSubject, ScheduleTerm, StartAction,
};

use crate::schedules::in_words;
use crate::show::words;

/// Returns what stands above the parts of a condition; `None` if it has none.
pub(crate) fn heading(condition: &Condition) -> Option<&'static str> {
    if !condition.all.is_empty() {
        Some("All of these hold")
    } else if !condition.any.is_empty() {
        Some("At least one of these holds")
    } else {
        condition.not.as_ref().map(|_| "This does not hold")
    }
}

/// Returns a condition in one line.
pub(crate) fn line(condition: &Condition) -> String {
    let part = |part: &Condition| match heading(part) {
        Some(_) => format!("({})", line(part)),
        None => line(part),
    };
    let parts: Vec<_> = condition.parts().map(part).collect();
    if !condition.all.is_empty() {
        parts.join(" and ")
    } else if !condition.any.is_empty() {
        parts.join(" or ")
    } else if condition.not.is_some() {
        format!("not: {}", parts.concat())
    } else {
        term(condition)
    }
}

/// Returns a term that is made of no others.
pub(crate) fn term(condition: &Condition) -> String {
    let c = condition;
    if !c.state.is_empty() {
        format!("the run is {}", c.state.join(" or "))
    } else if !c.running_for.is_zero() {
        format!("the run has been running for longer than {}", in_words(c.running_for))
    } else if !c.not_started_for.is_zero() {
        format!("the intent was not changed or started for longer than {}", in_words(c.not_started_for))
    } else if let Some(FailuresTerm { at_least, within }) = &c.failures {
        format!("at least {at_least} of its runs have failed within {}", in_words(*within))
    } else if let Some(term) = &c.pending_activity {
        pending(term)
    } else if c.task_failing_attempt != 0 {
        format!("the workflow task is at attempt {} or later", c.task_failing_attempt)
    } else if let Some(term) = &c.queue {
        queue(term)
    } else if c.history_over != 0 {
        format!("the history has more than {} events", c.history_over)
    } else if let Some(term) = &c.query {
        query(term)
    } else if !c.start_unknown_for.is_zero() {
        let time = in_words(c.start_unknown_for);
        format!("it is not known for longer than {time} whether a workflow was started")
    } else if let Some(term) = &c.schedule_missed {
        missed(term)
    } else {
        "the workflow client no longer accepts the intent".to_owned()
    }
}

fn pending(term: &PendingTerm) -> String {
    let PendingTerm { kind, attempt, last_failure, pending_for } = term;
    let mut text = "an activity".to_owned();
    if !kind.is_empty() {
        text += &format!(" of type “{kind}”");
    }
    text += " is pending";
    if *attempt != 0 {
        text += &format!(", at attempt {attempt} or later");
    }
    if !pending_for.is_zero() {
        text += &format!(", for longer than {}", in_words(*pending_for));
    }
    if !last_failure.is_empty() {
        text += &format!(", and has failed last with “{last_failure}”");
    }
    text
}

fn queue(term: &QueueTerm) -> String {
    if term.no_pollers_for.is_zero() {
        format!("the oldest task of its queue waits for longer than {}", in_words(term.backlog_over))
    } else {
        format!("no worker has polled its task queue for longer than {}", in_words(term.no_pollers_for))
    }
}

fn query(term: &QueryTerm) -> String {
    let QueryTerm { name, pointer, equals, above, below, .. } = term;
    let place = if pointer.is_empty() { String::new() } else { format!(", at “{pointer}”,") };
    let value = match (equals, above, below) {
        (Some(value), ..) => value.as_str().to_owned(),
        (_, Some(least), _) => format!("more than {least}"),
        (_, _, most) => format!("less than {}", most.unwrap_or_default()),
    };
    format!("the query “{name}” answers{place} {value}")
}

fn missed(term: &ScheduleTerm) -> String {
    let name = if term.name.is_empty() { String::new() } else { format!(" “{}”", term.name) };
    let within = if term.within.is_zero() { "1h".to_owned() } else { in_words(term.within) };
    format!("a schedule{name} has missed, skipped or dropped a time within {within}")
}

/// Returns what a rule watches.
pub(crate) fn scope(spec: &RuleSpec) -> String {
    let RuleScope { project, composite_app, version, deployment_intent_group, intent } = &spec.scope;
    let mut text = match (spec.when.subject(), intent.is_empty()) {
        (RuleSubject::Run, true) => "Runs of all intents".to_owned(),
        (RuleSubject::Run, false) => format!("Runs of intents {intent}"),
        (RuleSubject::Intent, true) => "All intents".to_owned(),
        (RuleSubject::Intent, false) => format!("Intents {intent}"),
    };
    let names = [
        ("group", deployment_intent_group),
        ("version", version),
        ("composite app", composite_app),
        ("project", project),
    ];
    for (kind, name) in names.into_iter().filter(|(_, name)| !name.is_empty()) {
        text += &format!(" of {kind} {name}");
    }
    text
}

/// Returns when a rule acts, in one line.
pub(crate) fn when(spec: &RuleSpec) -> String {
    let line = line(&spec.when);
    if spec.holds_for.is_zero() { line } else { format!("{line}; for {}", in_words(spec.holds_for)) }
}

/// Returns what an action does.
pub(crate) fn action(action: &RuleAction) -> String {
    let RuleAction { alarm, notify, signal, cancel, terminate, start, once } = action;
    let mut text = if let Some(alarm) = alarm {
        let severity = alarm.severity.to_lowercase();
        let space = if severity.is_empty() { "" } else { " " };
        format!("Raises the {severity}{space}alarm “{}”", words(&alarm.probable_cause))
    } else if let Some(notify) = notify {
        format!("Notifies with “{}”", notify.text)
    } else if let Some(signal) = signal {
        format!("Sends the signal “{}”", signal.name)
    } else if let Some(cancel) = cancel {
        let later = in_words(cancel.escalate_after);
        let then = if cancel.escalate_after.is_zero() {
            String::new()
        } else {
            format!(", and terminates it after {later}")
        };
        format!("Cancels the workflow{then}")
    } else if terminate.is_some() {
        "Terminates the workflow".to_owned()
    } else {
        start.as_ref().map(of_start).unwrap_or_default()
    };
    if *once == Once::Run {
        text += ", once only";
    }
    text
}

fn of_start(start: &StartAction) -> String {
    let StartAction { composite_app, version, deployment_intent_group, intent, .. } = start;
    let mut text = if intent.is_empty() {
        "Starts the same intent".to_owned()
    } else {
        format!("Starts the intent {intent}")
    };
    let names = [("group", deployment_intent_group), ("version", version), ("composite app", composite_app)];
    for (kind, name) in names.into_iter().filter(|(_, name)| !name.is_empty()) {
        text += &format!(" of {kind} {name}");
    }
    text
}

#[cfg(test)]
mod tests {
    use workflow_api::{WorkflowRule, read};

    use super::*;

    fn rule(json: &str) -> RuleSpec {
        read::<WorkflowRule>(format!("{{\"spec\":{json}}}").as_bytes()).unwrap().value.spec
    }

    #[test]
    fn a_rule_is_explained_in_words() {
        let spec = rule(
            r#"{"scope":{"intent":"capacity-*","project":"proj1"},"for":"2m","when":{"all":[{"runningFor":"2m"},
                {"any":[{"query":{"name":"capacity","pointer":"/ratio","above":0.9}},
                {"not":{"state":["Paused"]}}]}]},
                "then":[{"alarm":{"probableCause":"capacityLow","severity":"MAJOR"}},
                {"start":{"intent":"evacuate"},"once":"Run"},{"cancel":{"escalateAfter":"5m"}}]}"#,
        );
        assert_eq!(scope(&spec), "Runs of intents capacity-* of project proj1");
        let expected = "the run has been running for longer than 2m and (the query “capacity” answers, at \
                        “/ratio”, more than 0.9 or (not: the run is Paused)); for 2m";
        assert_eq!(when(&spec), expected);
        let actions: Vec<_> = spec.then.iter().map(action).collect();
        assert_eq!(
            actions,
            [
                "Raises the major alarm “Capacity low”",
                "Starts the intent evacuate, once only",
                "Cancels the workflow, and terminates it after 5m",
            ]
        );
    }
}
