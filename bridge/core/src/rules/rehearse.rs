//! Runs a rule over what was seen, without doing anything: what monitors have kept, what histories show of runs that no
//! monitor has watched, and what is running now.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use workflow_api::{
    ActionState, Condition, DecisionState, Rehearsal, RuleDecision, RuleSubject, Term, TermState,
    WorkflowRule,
};

use super::keep::KEPT;
use super::look::Looks;
use super::subjects::Watched;
use super::{RuleError, Rules};
use crate::access::{Action, Resource};
use crate::model::{
    Course, DecisionStep, FactSource, Facts, IntentKey, Memory, Observation, RuleKey, RunSeen, SubjectId,
    judge,
};
use crate::ports::{PastLook, Watch};
use crate::request::Request;

/// The most runs or intents that a rehearsal looks at, and the most moments of each.
const MOST_SUBJECTS: usize = 1000;
const MOST_MOMENTS: u32 = 500;
/// The most decisions in the answer.
const MOST_DECISIONS: usize = 1000;
/// How many observations are read at once, and how many histories.
const BATCH: u32 = 1000;
const WIDTH: usize = 8;

/// What was seen of a subject, by time.
struct Past {
    intent: IntentKey,
    seen: Vec<(Timestamp, Facts)>,
}

impl Rules {
    /// Returns what a rule would have done in the last week, and what it would do now: `rule`, which need not be kept,
    /// or the rule of this name. Nothing is done.
    ///
    /// # Errors
    /// Returns the faults of `rule`, or an error if there is none, or if the database or the engine fails.
    pub async fn rehearse(
        &self,
        request: &Request,
        key: &RuleKey,
        rule: Option<WorkflowRule>,
    ) -> Result<Rehearsal, RuleError> {
        self.parts.access.authorize(request, Action::RehearseRule, key.place()).await?;
        let watch = self.watch()?;
        let (rule, revision) = match rule {
            Some(mut rule) => {
                rule.metadata.name.clone_from(&key.name);
                super::change::check(key, &rule)?;
                (rule, 0)
            }
            None => {
                let kept = self.kept(key).await?;
                ((*kept.rule).clone(), kept.revision.get())
            }
        };
        let since = request.now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
        let (mut past, mut partial) = self.past(request, key, &rule, since).await?;
        partial |= self.present(request, &**watch, key, &rule, &mut past).await?;
        let now = request.now;
        let mut rehearsal = heavy::apart(move || replay_all(&rule, revision, past, now)).await;
        rehearsal.partial |= partial;
        Ok(rehearsal)
    }

    /// Returns what monitors have kept, and whether there is more.
    async fn past(
        &self,
        request: &Request,
        key: &RuleKey,
        rule: &WorkflowRule,
        since: Timestamp,
    ) -> Result<(BTreeMap<SubjectId, Past>, bool), RuleError> {
        let mut past: BTreeMap<SubjectId, Past> = BTreeMap::new();
        let mut after: Option<(SubjectId, Timestamp)> = None;
        loop {
            let place = after.as_ref().map(|(subject, at)| (subject, *at));
            let page = self.parts.store.observations(key.project.as_deref(), since, place, BATCH).await?;
            let more = page.len() == BATCH as usize;
            for Observation { subject, intent, at, facts } in page {
                after = Some((subject.clone(), at));
                let of_runs = rule.spec.when.subject() == RuleSubject::Run;
                if facts.run.is_some() != of_runs || !self.may_rehearse(request, rule, &intent) {
                    continue;
                }
                if past.len() == MOST_SUBJECTS && !past.contains_key(&subject) {
                    return Ok((past, true));
                }
                let past = past.entry(subject).or_insert(Past { intent, seen: Vec::new() });
                let facts = match past.seen.last() {
                    Some((_, earlier)) => facts.after(earlier),
                    None => facts,
                };
                past.seen.push((at, facts));
            }
            if !more {
                return Ok((past, false));
            }
        }
    }

    /// Adds what is running now, and histories of what no monitor has watched. Returns whether something is missing.
    async fn present(
        &self,
        request: &Request,
        watch: &dyn Watch,
        key: &RuleKey,
        rule: &WorkflowRule,
        past: &mut BTreeMap<SubjectId, Past>,
    ) -> Result<bool, RuleError> {
        let when = &rule.spec.when;
        let mut subjects = self.subjects(request, key, rule).await?;
        let before = subjects.watched.len();
        let room = MOST_SUBJECTS.saturating_sub(past.len());
        let mut unseen = 0;
        subjects.watched.retain(|subject| {
            let known = past.contains_key(&subject.id);
            unseen += usize::from(!known);
            known || unseen <= room
        });
        let facts = self.first_facts(watch, when, &subjects, request.now).await?;
        let looks = Looks::new(self, watch, request, when);
        let present = stream::iter(subjects.watched.iter().zip(facts)).map(async |(subject, mut facts)| {
            let history = match (&facts.run, past.get(&subject.id)) {
                (Some(run), None) if run.state.is_some() => {
                    let asked = self.home_run(&run.workflow_id, &run.run_id);
                    watch.past(&asked, MOST_MOMENTS).await
                }
                _ => Ok(Vec::new()),
            };
            let history =
                history.map(|looks| looks.into_iter().map(|look| of_history(look, &facts)).collect());
            looks.judge(subject, &mut facts, &mut Memory::default()).await;
            (subject, history, facts)
        });
        let present: Vec<(&Watched, Result<Vec<_>, _>, _)> =
            present.buffer_unordered(WIDTH).boxed().collect().await;
        let mut partial = subjects.watched.len() < before;
        for (subject, history, facts) in present {
            // The run may have been deleted since it was listed, and one slow history must not hide all others.
            partial |= history.is_err();
            let past = past.entry(subject.id.clone()).or_insert_with(|| Past {
                intent: subject.intent.clone(),
                seen: history.unwrap_or_default(),
            });
            past.seen.push((request.now, with_memory(facts, past.seen.last())));
        }
        Ok(partial)
    }

    fn may_rehearse(&self, request: &Request, rule: &WorkflowRule, intent: &IntentKey) -> bool {
        rule.spec.scope.covers(intent)
            && self.parts.access.would_allow(request, Action::Status, Resource::Intent(intent)).is_ok()
    }
}

/// Returns facts of now with what only earlier looks can have seen.
fn with_memory(mut facts: Facts, last: Option<&(Timestamp, Facts)>) -> Facts {
    let Some((_, last)) = last else { return facts };
    if let (Some(queue), Some(before)) = (&mut facts.queue, &last.queue)
        && queue.empty_since.is_some()
    {
        queue.empty_since = before.empty_since.or(queue.empty_since);
    }
    if facts.missed.is_some() {
        facts.missed.clone_from(&last.missed);
    }
    facts
}

/// Returns what a moment of a history shows. What no history shows is unknown.
fn of_history(look: PastLook, now: &Facts) -> (Timestamp, Facts) {
    let silent = [FactSource::Queue, FactSource::Query, FactSource::Client, FactSource::Schedules];
    let facts = Facts {
        run: Some(look.run),
        detail: Some(look.detail),
        idle_since: now.idle_since,
        failed: now.failed.clone(),
        broken: silent.map(|source| (source, "no history shows this".to_owned())).into(),
        ..Facts::default()
    };
    (look.at, facts)
}

fn replay_all(
    rule: &WorkflowRule,
    revision: i64,
    past: BTreeMap<SubjectId, Past>,
    now: Timestamp,
) -> Rehearsal {
    let mut rehearsal = Rehearsal { looked_at: past.len() as u64, ..Rehearsal::default() };
    for Past { intent, seen } in past.into_values() {
        let (decided, undecided) = replay(rule, revision, &intent, seen, now);
        rehearsal.decisions.extend(decided);
        rehearsal.undecided.extend(undecided);
    }
    for list in [&mut rehearsal.decisions, &mut rehearsal.undecided] {
        list.sort_by_key(|decision| decision.fired_at.or(decision.since));
        rehearsal.partial |= list.len() > MOST_DECISIONS;
        list.truncate(MOST_DECISIONS);
    }
    rehearsal
}

/// Decides over what was seen of one subject. Returns the decisions, and the last moment that stays undecided.
fn replay(
    rule: &WorkflowRule,
    revision: i64,
    intent: &IntentKey,
    seen: Vec<(Timestamp, Facts)>,
    now: Timestamp,
) -> (Vec<RuleDecision>, Option<RuleDecision>) {
    let (mut course, mut decided, mut undecided) = (Course::default(), Vec::new(), None);
    // Until this rule looks at it, nobody may have looked at something that it asks for.
    let mut not_seen_yet = None;
    let spec = &rule.spec;
    let times = (spec.holds_for.to_signed(), spec.clear_for.to_signed());
    for (at, facts, end) in with_ends(seen, now) {
        let mut moments = BTreeSet::from([at]);
        moments
            .extend(thresholds(&spec.when, &facts).into_iter().filter_map(|moment| tick(at, moment, rule)));
        while let Some(moment) = moments.pop_first() {
            // From there on, the next observation counts.
            if moment > at && moment >= end {
                break;
            }
            let judged = judge(&spec.when, &facts, moment);
            describe(&mut course, intent, &facts);
            if judged.holds.is_none() {
                let why = unknown(judged.why);
                let open = Some(RuleDecision { since: Some(moment), why, ..course.decision.clone() });
                if judged.needs.is_empty() {
                    undecided = open
                } else {
                    not_seen_yet = open
                }
                continue;
            }
            not_seen_yet = None;
            match course.step(judged.holds, &judged.why, moment, times) {
                DecisionStep::Fires => {
                    course.decision.revision = revision;
                    course.plan(&spec.then);
                    note_all(&mut course, rule);
                    decided.push(course.decision.clone());
                }
                DecisionStep::Clears | DecisionStep::Further => {
                    if let Some(last) = decided.last_mut()
                        && last.episode == course.decision.episode
                    {
                        *last = course.decision.clone();
                    }
                    let until = match course.decision.state {
                        DecisionState::Pending => course.decision.since.map(|since| (since, times.0)),
                        DecisionState::Clearing => course.ceased.map(|since| (since, times.1)),
                        _ => None,
                    };
                    let until = until.and_then(|(since, time)| since.checked_add(time).ok());
                    moments.extend(until.and_then(|moment| tick(at, moment, rule)));
                }
                DecisionStep::Same => {}
            }
        }
    }
    (decided, undecided.or(not_seen_yet))
}

/// Adds until when each observation counts: the next one, or the end of the run. Leaves out what shows a run open that
/// had ended by then, since the engine's list can be late. A rule looks at the run itself before it acts.
fn with_ends(seen: Vec<(Timestamp, Facts)>, now: Timestamp) -> Vec<(Timestamp, Facts, Timestamp)> {
    let (mut later, mut next): (Option<RunSeen>, _) = (None, now);
    let mut kept = Vec::with_capacity(seen.len());
    for (at, facts) in seen.into_iter().rev() {
        let mut end = next;
        if let Some(run) = &facts.run {
            let over = later.as_ref().filter(|_| run.is_open()).and_then(|later| {
                // The run after this one began when it ended.
                if later.run_id == run.run_id { later.closed } else { later.started }
            });
            if over.is_some_and(|over| over <= at) {
                continue;
            }
            end = over.map_or(next, |over| over.min(next));
            later = Some(run.clone());
        }
        next = at;
        kept.push((at, facts, end));
    }
    kept.reverse();
    kept
}

/// Notes the actions of a rehearsal as those that would be done.
fn note_all(course: &mut Course, rule: &WorkflowRule) {
    for place in course.due() {
        course.note(place, rule.spec.then[place].once, ActionState::Done, String::new());
    }
}

fn describe(course: &mut Course, intent: &IntentKey, facts: &Facts) {
    course.decision.intent = intent.to_string();
    if let Some(run) = &facts.run {
        course.decision.workflow_id = run.workflow_id.clone();
        course.decision.run_id = run.run_id.clone();
    }
}

/// Adds to unknown terms the reason that they lack.
fn unknown(mut why: Term) -> Term {
    if why.state == TermState::Unknown && why.terms.is_empty() && why.seen.is_empty() {
        "no rule has looked at this".clone_into(&mut why.seen);
    }
    why.terms = why.terms.into_iter().map(unknown).collect();
    why
}

/// Returns the first moment, at or after `moment`, at which the rule looks if it has looked at `at`.
fn tick(at: Timestamp, moment: Timestamp, rule: &WorkflowRule) -> Option<Timestamp> {
    let every = rule.spec.interval().get().max(1);
    let waits = moment.duration_since(at).as_nanos();
    if waits <= 0 {
        return None;
    }
    // One nanosecond more, because terms ask for longer than, not for at least.
    let ticks = (waits + 1).div_euclid(i128::from(every)) + i128::from((waits + 1) % i128::from(every) != 0);
    let later = i64::try_from(ticks * i128::from(every)).ok()?;
    at.checked_add(SignedDuration::from_nanos(later)).ok()
}

/// Returns the moments at which terms change though nothing happens.
fn thresholds(when: &Condition, facts: &Facts) -> Vec<Timestamp> {
    let run = facts.run.as_ref();
    let activities = facts.detail.iter().flat_map(|detail| &detail.activities);
    let (queue, missed) = (facts.queue.as_ref(), facts.missed.iter().flat_map(BTreeMap::values));
    let mut all = Vec::new();
    let mut add = |since: Option<Timestamp>, nanos: workflow_api::Nanos| {
        all.extend(
            since.filter(|_| !nanos.is_zero()).and_then(|since| since.checked_add(nanos.to_signed()).ok()),
        );
    };
    add(run.and_then(|run| run.started), when.running_for);
    add(facts.idle_since, when.not_started_for);
    add(facts.start_unknown_since, when.start_unknown_for);
    if let Some(term) = &when.failures {
        facts.failed.iter().for_each(|at| add(Some(*at), term.within));
    }
    if let Some(term) = &when.pending_activity {
        activities.for_each(|activity| add(activity.scheduled, term.pending_for));
    }
    if let Some(term) = &when.queue {
        add(queue.and_then(|queue| queue.empty_since), term.no_pollers_for);
        add(queue.and_then(|queue| queue.waits_since), term.backlog_over);
    }
    if let Some(term) = &when.schedule_missed {
        let within =
            if term.within.is_zero() { workflow_api::Nanos::new(3_600_000_000_000) } else { term.within };
        missed.for_each(|at| add(Some(*at), within));
    }
    all.extend(when.parts().flat_map(|part| thresholds(part, facts)));
    all
}

#[cfg(test)]
mod tests {
    use workflow_api::WorkflowState;

    use super::*;

    #[test]
    fn a_run_is_not_open_after_its_end() {
        let at = |second| Timestamp::new(second, 0).unwrap();
        let run = |id: &str, state, started, closed: Option<i64>| RunSeen {
            run_id: id.into(),
            state: Some(state),
            started: Some(at(started)),
            closed: closed.map(at),
            ..RunSeen::default()
        };
        let (open, closed) = (WorkflowState::Running, WorkflowState::Completed);
        let seen = [
            (1, run("first", open, 0, None)),
            (5, run("first", open, 0, None)),
            (6, run("second", open, 4, None)),
            (8, run("second", open, 4, None)),
            (9, run("second", closed, 4, Some(7))),
        ];
        let facts = seen.map(|(second, run)| (at(second), Facts { run: Some(run), ..Facts::default() }));
        let kept = with_ends(facts.into(), at(20)).into_iter();
        let kept: Vec<_> = kept.map(|(at, _, end)| (at.as_second(), end.as_second())).collect();
        assert_eq!(kept, [(1, 4), (6, 7), (9, 20)]);
    }
}
