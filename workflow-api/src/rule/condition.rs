//! The condition of a rule: a tree of terms.

use crate::faults::Faults;
use crate::read::object;
use crate::{Fault, Nanos, RawJson};

/// The most terms of a condition, and the deepest nesting.
const MOST_TERMS: usize = 50;
const DEEPEST: usize = 8;
/// The longest text in a term.
const TEXT_MAX: usize = 1000;
/// The states that a run can have.
const STATES: [&str; 8] =
    ["Running", "Paused", "Completed", "Failed", "Canceled", "Terminated", "ContinuedAsNew", "TimedOut"];

object! {
    /// A condition: exactly one of these.
    pub struct Condition {
        /// All of these hold.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "openapi", schema(no_recursion))]
        "all" => all: Vec<Condition>,
        /// At least one of these holds.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "openapi", schema(no_recursion))]
        "any" => any: Vec<Condition>,
        /// This does not hold.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(no_recursion))]
        "not" => not: Option<Box<Condition>>,
        /// The run is in one of these states, such as `Failed`.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        "state" => state: Vec<String>,
        /// The run is open, and was started longer ago than this.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "runningFor" => running_for: Nanos,
        /// The intent was created and last started longer ago than this.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "notStartedFor" => not_started_for: Nanos,
        /// Runs of the intent have failed or timed out.
        #[serde(skip_serializing_if = "Option::is_none")]
        "failures" => failures: Option<FailuresTerm>,
        /// The run has a pending activity that fits all of these.
        #[serde(skip_serializing_if = "Option::is_none")]
        "pendingActivity" => pending_activity: Option<PendingTerm>,
        /// The run's workflow task is at this attempt or a later one, at least 2: the worker cannot run the workflow's
        /// code.
        #[serde(skip_serializing_if = "is_zero")]
        "taskFailingAttempt" => task_failing_attempt: i64,
        /// The task queue of the open run.
        #[serde(skip_serializing_if = "Option::is_none")]
        "queue" => queue: Option<QueueTerm>,
        /// The history of the open run has more events than this.
        #[serde(skip_serializing_if = "is_zero")]
        "historyOver" => history_over: i64,
        /// The result of a query of the open run.
        #[serde(skip_serializing_if = "Option::is_none")]
        "query" => query: Option<QueryTerm>,
        /// It is not known for longer than this whether the start has started a workflow.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "startUnknownFor" => start_unknown_for: Nanos,
        /// The workflow client no longer accepts the intent.
        #[serde(skip_serializing_if = "is_false")]
        "drifted" => drifted: bool,
        /// A schedule of the intent has missed, skipped or dropped a time.
        #[serde(skip_serializing_if = "Option::is_none")]
        "scheduleMissed" => schedule_missed: Option<ScheduleTerm>,
    }
}

object! {
    /// So many runs of an intent have failed or timed out.
    #[derive(Eq)]
    pub struct FailuresTerm {
        /// How many, at least: 1 to 100.
        "atLeast" => at_least: i64,
        /// Within which time until now.
        "within" => within: Nanos,
    }
}

object! {
    /// A pending activity. What is absent fits any.
    #[derive(Eq)]
    pub struct PendingTerm {
        /// Its type, in which `*` stands for any text.
        #[serde(skip_serializing_if = "String::is_empty")]
        "type" => kind: String,
        /// It is at this attempt or a later one.
        #[serde(skip_serializing_if = "is_zero")]
        "attempt" => attempt: i64,
        /// The message of its last failure, in which `*` stands for any text.
        #[serde(skip_serializing_if = "String::is_empty")]
        "lastFailure" => last_failure: String,
        /// It was scheduled longer ago than this.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "pendingFor" => pending_for: Nanos,
    }
}

object! {
    /// A task queue: exactly one of these.
    #[derive(Eq)]
    pub struct QueueTerm {
        /// No worker has polled it for longer than this. Temporal forgets a worker five minutes after its last poll.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "noPollersFor" => no_pollers_for: Nanos,
        /// Its oldest task waits for longer than this.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "backlogOver" => backlog_over: Nanos,
    }
}

object! {
    /// The result of a query, or a value in it, and exactly one comparison.
    pub struct QueryTerm {
        /// The type of the query.
        "name" => name: String,
        /// Its arguments, in order.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<serde_json::Value>))]
        "args" => args: Vec<RawJson>,
        /// The place of the value in the result, as a JSON pointer (RFC 6901), such as `/used`. Empty: the result
        /// itself.
        #[serde(skip_serializing_if = "String::is_empty")]
        "pointer" => pointer: String,
        /// The value is equal to this.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
        "equals" => equals: Option<RawJson>,
        /// The value is a number above this.
        #[serde(skip_serializing_if = "Option::is_none")]
        "above" => above: Option<f64>,
        /// The value is a number below this.
        #[serde(skip_serializing_if = "Option::is_none")]
        "below" => below: Option<f64>,
    }
}

object! {
    /// What a schedule has not started.
    #[derive(Eq)]
    pub struct ScheduleTerm {
        /// The name of the schedule, in which `*` stands for any text. Empty: any.
        #[serde(skip_serializing_if = "String::is_empty")]
        "name" => name: String,
        /// How long ago it was seen, at most. Zero: one hour.
        #[serde(skip_serializing_if = "Nanos::is_zero")]
        "within" => within: Nanos,
    }
}

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The intent as a whole: only terms about the intent.
    Intent,
    /// Each run of the intent.
    Run,
}

impl Condition {
    /// Returns the conditions that it is made of.
    pub fn parts(&self) -> impl Iterator<Item = &Self> {
        self.all.iter().chain(&self.any).chain(self.not.as_deref())
    }

    /// Returns whether it or a part of it meets `test`.
    pub fn has(&self, test: &impl Fn(&Self) -> bool) -> bool {
        test(self) || self.parts().any(|part| part.has(test))
    }

    /// Returns what it is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let of_run = |part: &Self| {
            let Self {
                state,
                running_for,
                pending_activity,
                task_failing_attempt,
                queue,
                history_over,
                query,
                start_unknown_for,
                ..
            } = part;
            !state.is_empty()
                || !running_for.is_zero()
                || !start_unknown_for.is_zero()
                || *task_failing_attempt != 0
                || *history_over != 0
                || pending_activity.is_some()
                || queue.is_some()
                || query.is_some()
        };
        if self.has(&of_run) { Subject::Run } else { Subject::Intent }
    }

    /// Returns the number of members that are present.
    fn members(&self) -> usize {
        let Self {
            all,
            any,
            not,
            state,
            running_for,
            not_started_for,
            failures,
            pending_activity,
            task_failing_attempt,
            queue,
            history_over,
            query,
            start_unknown_for,
            drifted,
            schedule_missed,
        } = self;
        [
            !all.is_empty(),
            !any.is_empty(),
            not.is_some(),
            !state.is_empty(),
            !running_for.is_zero(),
            !not_started_for.is_zero(),
            failures.is_some(),
            pending_activity.is_some(),
            *task_failing_attempt != 0,
            queue.is_some(),
            *history_over != 0,
            query.is_some(),
            !start_unknown_for.is_zero(),
            *drifted,
            schedule_missed.is_some(),
        ]
        .into_iter()
        .filter(|present| *present)
        .count()
    }
}

/// Adds the faults of a condition.
pub(super) fn collect(condition: &Condition, faults: &mut Faults) {
    let mut terms = 0;
    each(condition, "$.spec.when", 1, &mut terms, faults);
    if terms > MOST_TERMS {
        faults.push(|| {
            Fault::new("$.spec.when", format!("has {terms} terms: at most {MOST_TERMS} are possible"))
        });
    }
}

fn each(condition: &Condition, path: &str, depth: usize, terms: &mut usize, faults: &mut Faults) {
    *terms += 1;
    let mut add = |below: &str, text: &str| faults.push(|| Fault::new(format!("{path}{below}"), text));
    if condition.members() != 1 {
        add("", "must have exactly one member, such as `state`, `runningFor` or `all`");
    }
    if depth > DEEPEST {
        return add("", "is nested too deeply: at most 8 levels are possible");
    }
    for (at, state) in condition.state.iter().enumerate() {
        if !STATES.contains(&state.as_str()) {
            add(&format!(".state[{at}]"), &format!("is not a state: write one of {}", STATES.join(", ")));
        }
    }
    let times = [
        (".runningFor", condition.running_for),
        (".notStartedFor", condition.not_started_for),
        (".startUnknownFor", condition.start_unknown_for),
    ];
    for (below, time) in times {
        if time.get() < 0 {
            add(below, "must not be negative");
        }
    }
    if condition.task_failing_attempt != 0 && condition.task_failing_attempt < 2 {
        add(".taskFailingAttempt", "must be at least 2: the first attempt has not failed");
    }
    if condition.history_over < 0 {
        add(".historyOver", "must not be negative");
    }
    if let Some(FailuresTerm { at_least, within }) = &condition.failures {
        if !(1..=100).contains(at_least) {
            add(".failures.atLeast", "must be 1 to 100");
        }
        if within.get() <= 0 {
            add(".failures.within", "is required: write a time such as `1h`");
        }
    }
    if let Some(term) = &condition.pending_activity {
        if *term == PendingTerm::default() {
            add(".pendingActivity", "must have `type`, `attempt`, `lastFailure` or `pendingFor`");
        }
        if term.attempt < 0 || term.pending_for.get() < 0 {
            add(".pendingActivity", "must not have negative numbers");
        }
        if term.kind.len() > TEXT_MAX || term.last_failure.len() > TEXT_MAX {
            add(".pendingActivity", "has a text of more than 1000 bytes");
        }
    }
    if let Some(QueueTerm { no_pollers_for, backlog_over }) = &condition.queue
        && ((*no_pollers_for).max(*backlog_over).get() <= 0
            || !(no_pollers_for.is_zero() || backlog_over.is_zero()))
    {
        add(".queue", "must have either `noPollersFor` or `backlogOver`, which must be positive");
    }
    if let Some(term) = &condition.query {
        let QueryTerm { name, pointer, equals, above, below, .. } = term;
        if name.is_empty() || name.len() > TEXT_MAX {
            add(".query.name", "is required: write the type of the query, in at most 1000 bytes");
        }
        if !(pointer.is_empty() || pointer.starts_with('/')) || pointer.len() > TEXT_MAX {
            add(".query.pointer", "is not a JSON pointer: write text such as `/used`");
        }
        if [equals.is_some(), above.is_some(), below.is_some()].iter().filter(|is| **is).count() != 1 {
            add(".query", "must have exactly one of `equals`, `above` and `below`");
        }
    }
    if let Some(term) = &condition.schedule_missed
        && term.within.get() < 0
    {
        add(".scheduleMissed.within", "must not be negative");
    }
    let lists = [("all", &condition.all), ("any", &condition.any)];
    for (name, parts) in lists {
        for (at, part) in parts.iter().enumerate() {
            each(part, &format!("{path}.{name}[{at}]"), depth + 1, terms, faults);
        }
    }
    if let Some(part) = &condition.not {
        each(part, &format!("{path}.not"), depth + 1, terms, faults);
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
