//! Whether a condition holds, term by term.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use workflow_api::glob::matches;
use workflow_api::{
    Condition, FailuresTerm, Nanos, PendingTerm, QueryTerm, QueueTerm, RawJson, ScheduleTerm, Term,
    TermState, WorkflowState, cut,
};

use super::facts::{ActivitySeen, FactSource, Facts, RunDetail, RunSeen, value_key};

/// How long a schedule counts as missed, if the rule has no time.
const USUAL_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// Whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it holds; `None` if that is not known.
    pub holds: Option<bool>,
    /// The condition, term by term.
    pub why: Term,
    /// Where to look to know more. Empty if the condition is decided, or if nothing more can be known.
    pub needs: BTreeSet<FactSource>,
}

/// Returns whether a condition holds by what was seen.
#[must_use]
pub fn judge(condition: &Condition, facts: &Facts, now: Timestamp) -> Judgement {
    let mut judged = node(condition, facts, now);
    if judged.holds.is_some() {
        not_needed(&mut judged.why);
        judged.needs.clear();
    }
    judged
}

/// Marks terms that were not looked at although they could have been.
fn not_needed(term: &mut Term) {
    if term.state == TermState::Unknown && term.seen.is_empty() && term.terms.is_empty() {
        term.state = TermState::NotNeeded;
    }
    term.terms.iter_mut().for_each(not_needed);
}

fn node(condition: &Condition, facts: &Facts, now: Timestamp) -> Judgement {
    let name = if !condition.all.is_empty() {
        "all"
    } else if !condition.any.is_empty() {
        "any"
    } else if condition.not.is_some() {
        "not"
    } else {
        return leaf(condition, facts, now).judged();
    };
    // A condition that was kept has one member, so all its parts are of one kind.
    let parts: Vec<_> = condition.parts().map(|part| node(part, facts, now)).collect();
    let holds: Vec<_> = parts.iter().map(|part| part.holds).collect();
    let holds = match name {
        "all" => all(&holds),
        "any" => any(&holds),
        _ => holds[0].map(|holds| !holds),
    };
    let undecided = parts.iter().filter(|part| holds.is_none() && part.holds.is_none());
    let needs = undecided.flat_map(|part| part.needs.iter().copied()).collect();
    let terms = parts.into_iter().map(|part| part.why).collect();
    let why = Term { term: name.to_owned(), state: state(holds), seen: String::new(), terms };
    Judgement { holds, why, needs }
}

fn any(parts: &[Option<bool>]) -> Option<bool> {
    let not: Vec<_> = parts.iter().map(|part| part.map(|holds| !holds)).collect();
    all(&not).map(|none| !none)
}

fn all(parts: &[Option<bool>]) -> Option<bool> {
    if parts.contains(&Some(false)) {
        Some(false)
    } else if parts.contains(&None) {
        None
    } else {
        Some(true)
    }
}

fn state(holds: Option<bool>) -> TermState {
    match holds {
        Some(true) => TermState::Holds,
        Some(false) => TermState::DoesNotHold,
        None => TermState::Unknown,
    }
}

/// A term with what was seen of it: whether it holds, or where to look.
struct Leaf {
    term: String,
    seen: Result<(bool, String), Missing>,
}

enum Missing {
    /// It was not looked at yet.
    Look(FactSource),
    /// It cannot be known.
    Broken(String),
}

impl Leaf {
    fn judged(self) -> Judgement {
        let (holds, seen, needs) = match self.seen {
            Ok((holds, seen)) => (Some(holds), seen, None),
            Err(Missing::Look(source)) => (None, String::new(), Some(source)),
            Err(Missing::Broken(why)) => (None, why, None),
        };
        let why = Term { term: self.term, state: state(holds), seen, terms: Vec::new() };
        Judgement { holds, why, needs: needs.into_iter().collect() }
    }
}

fn leaf(condition: &Condition, facts: &Facts, now: Timestamp) -> Leaf {
    let c = condition;
    let (term, seen) = if !c.state.is_empty() {
        let run = facts.run();
        (format!("state {}", c.state.join(" or ")), run.map(|run| of_state(&c.state, run.state)))
    } else if !c.running_for.is_zero() {
        let seen = facts.run().map(|run| {
            let since = run.started.filter(|_| run.is_open());
            older(since, c.running_for, now, "is running for", "is not running")
        });
        (format!("runningFor {}", text(c.running_for)), seen)
    } else if !c.not_started_for.is_zero() {
        let seen = older(facts.idle_since, c.not_started_for, now, "was not started for", "does not exist");
        (format!("notStartedFor {}", text(c.not_started_for)), Ok(seen))
    } else if let Some(term) = &c.failures {
        let FailuresTerm { at_least, within } = term;
        (format!("failures at least {at_least} within {}", text(*within)), Ok(failures(term, facts, now)))
    } else if let Some(term) = &c.pending_activity {
        (
            pending_text(term),
            facts.detail().map(|detail| detail.map_or_else(closed, |d| pending(term, d, now))),
        )
    } else if c.task_failing_attempt != 0 {
        let least = c.task_failing_attempt;
        let seen = facts.detail().map(|detail| {
            detail.map_or_else(closed, |detail| {
                let attempt = detail.task_attempt;
                (attempt >= least, format!("the workflow task is at attempt {attempt}"))
            })
        });
        (format!("taskFailingAttempt {least}"), seen)
    } else if let Some(term) = &c.queue {
        (queue_text(term), queue(term, facts, now))
    } else if c.history_over != 0 {
        let most = c.history_over;
        let seen = facts.detail().map(|detail| {
            detail.map_or_else(closed, |RunDetail { history_length: length, .. }| {
                (*length > most, format!("the history has {length} events"))
            })
        });
        (format!("historyOver {most}"), seen)
    } else if let Some(term) = &c.query {
        (query_text(term), query(term, facts))
    } else if !c.start_unknown_for.is_zero() {
        let since = facts.start_unknown_since;
        let seen =
            older(since, c.start_unknown_for, now, "is not known for", "the outcome of the start is known");
        (format!("startUnknownFor {}", text(c.start_unknown_for)), Ok(seen))
    } else if let Some(term) = &c.schedule_missed {
        let name = if term.name.is_empty() { "*" } else { &term.name };
        (format!("scheduleMissed {name}"), missed(term, facts, now))
    } else {
        ("drifted".to_owned(), drifted(facts))
    };
    Leaf { term, seen }
}

impl Facts {
    /// Returns the run.
    fn run(&self) -> Result<&RunSeen, Missing> {
        self.run.as_ref().ok_or_else(|| self.missing(FactSource::Run))
    }

    /// Returns the details of the run; `None` if it has closed, or there is none.
    fn detail(&self) -> Result<Option<&RunDetail>, Missing> {
        if !self.run()?.is_open() {
            return Ok(None);
        }
        self.detail.as_ref().map(Some).ok_or_else(|| self.missing(FactSource::Detail))
    }

    fn missing(&self, source: FactSource) -> Missing {
        match self.broken.get(&source) {
            Some(why) => Missing::Broken(why.clone()),
            None => Missing::Look(source),
        }
    }
}

fn closed() -> (bool, String) {
    (false, "is not running".to_owned())
}

fn of_state(states: &[String], seen: Option<WorkflowState>) -> (bool, String) {
    match seen.map(|state| state.to_string()) {
        Some(state) => (states.contains(&state), format!("is {state}")),
        None => (false, "there is no run".to_owned()),
    }
}

fn older(since: Option<Timestamp>, than: Nanos, now: Timestamp, seen: &str, none: &str) -> (bool, String) {
    let Some(since) = since else { return (false, none.to_owned()) };
    let age = now.duration_since(since);
    (age > than.to_signed(), format!("{seen} {}", rounded(age)))
}

fn failures(term: &FailuresTerm, facts: &Facts, now: Timestamp) -> (bool, String) {
    let recent = facts.failed.iter().filter(|at| now.duration_since(**at) <= term.within.to_signed()).count();
    (i64::try_from(recent).unwrap_or(i64::MAX) >= term.at_least, format!("{recent} runs have failed"))
}

fn pending(term: &PendingTerm, detail: &RunDetail, now: Timestamp) -> (bool, String) {
    let fits = |activity: &&ActivitySeen| {
        let PendingTerm { kind, attempt, last_failure, pending_for } = term;
        (kind.is_empty() || matches(kind, &activity.kind))
            && activity.attempt >= *attempt
            && (last_failure.is_empty()
                || (!activity.last_failure.is_empty() && matches(last_failure, &activity.last_failure)))
            && (pending_for.is_zero()
                || activity
                    .scheduled
                    .is_some_and(|since| now.duration_since(since) > pending_for.to_signed()))
    };
    match detail.activities.iter().find(fits) {
        Some(ActivitySeen { kind, attempt, last_failure, .. }) => {
            let failure =
                if last_failure.is_empty() { String::new() } else { format!(": {}", cut(last_failure)) };
            (true, format!("{} is at attempt {attempt}{failure}", cut(kind)))
        }
        None => (false, format!("none of {} pending activities fits", detail.activities.len())),
    }
}

fn queue(term: &QueueTerm, facts: &Facts, now: Timestamp) -> Result<(bool, String), Missing> {
    if !facts.run()?.is_open() {
        return Ok(closed());
    }
    let seen = facts.queue.as_ref().ok_or_else(|| facts.missing(FactSource::Queue))?;
    Ok(if term.no_pollers_for.is_zero() {
        older(seen.waits_since, term.backlog_over, now, "its oldest task waits for", "no task waits")
    } else {
        older(seen.empty_since, term.no_pollers_for, now, "has no workers for", "has workers")
    })
}

fn query(term: &QueryTerm, facts: &Facts) -> Result<(bool, String), Missing> {
    if !facts.run()?.is_open() {
        return Ok(closed());
    }
    let value = facts.values.get(&value_key(term)).ok_or_else(|| facts.missing(FactSource::Query))?;
    let Some(value) = value else {
        return Err(Missing::Broken(format!("the result has no value at `{}`", cut(&term.pointer))));
    };
    let seen = format!("is {}", cut(value.as_str()));
    if let Some(wanted) = &term.equals {
        return Ok((parsed(wanted) == parsed(value), seen));
    }
    let Some(number) = parsed(value).and_then(|value| value.as_f64()) else {
        return Err(Missing::Broken(format!("{seen}, which is not a number")));
    };
    let above = term.above.is_none_or(|least| number > least);
    let below = term.below.is_none_or(|most| number < most);
    Ok((above && below, seen))
}

fn parsed(json: &RawJson) -> Option<serde_json::Value> {
    serde_json::from_str(json.as_str()).ok()
}

fn missed(term: &ScheduleTerm, facts: &Facts, now: Timestamp) -> Result<(bool, String), Missing> {
    let seen = facts.missed.as_ref().ok_or_else(|| facts.missing(FactSource::Schedules))?;
    let within = if term.within.is_zero() { USUAL_WITHIN } else { term.within.to_signed() };
    let fits = |(name, at): &(&String, &Timestamp)| {
        (term.name.is_empty() || matches(&term.name, name)) && now.duration_since(**at) <= within
    };
    Ok(match seen.iter().find(fits) {
        Some((name, at)) => (true, format!("schedule `{name}` missed a time, as was seen at {at:.0}")),
        None => (false, "no schedule missed a time".to_owned()),
    })
}

fn drifted(facts: &Facts) -> Result<(bool, String), Missing> {
    let drifted = facts.drifted.ok_or_else(|| facts.missing(FactSource::Client))?;
    let seen =
        if drifted { "the client does not accept the intent" } else { "the client accepts the intent" };
    Ok((drifted, seen.to_owned()))
}

fn pending_text(term: &PendingTerm) -> String {
    let PendingTerm { kind, attempt, last_failure, pending_for } = term;
    let mut text_of = "pendingActivity".to_owned();
    if !kind.is_empty() {
        text_of += &format!(" {}", cut(kind));
    }
    if *attempt > 0 {
        text_of += &format!(" attempt {attempt}");
    }
    if !last_failure.is_empty() {
        text_of += &format!(" lastFailure {}", cut(last_failure));
    }
    if !pending_for.is_zero() {
        text_of += &format!(" pendingFor {}", text(*pending_for));
    }
    text_of
}

fn queue_text(term: &QueueTerm) -> String {
    if term.no_pollers_for.is_zero() {
        format!("queue backlogOver {}", text(term.backlog_over))
    } else {
        format!("queue noPollersFor {}", text(term.no_pollers_for))
    }
}

fn query_text(term: &QueryTerm) -> String {
    let place = format!("query {}{}", cut(&term.name), cut(&term.pointer));
    match (&term.equals, term.above, term.below) {
        (Some(value), ..) => format!("{place} equals {}", cut(value.as_str())),
        (_, Some(least), _) => format!("{place} above {least}"),
        (_, _, most) => format!("{place} below {}", most.unwrap_or_default()),
    }
}

fn text(nanos: Nanos) -> String {
    format!("{:#}", nanos.to_signed())
}

/// Returns a time as text, in whole seconds.
fn rounded(age: SignedDuration) -> String {
    format!("{:#}", SignedDuration::from_secs(age.as_secs()))
}
