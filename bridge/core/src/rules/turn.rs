//! One turn of a rule: a look at everything that it watches, and what follows from it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use jiff::SignedDuration;
use workflow_api::{DecisionState, Term, TermState};

use super::look::Looks;
use super::subjects::Watched;
use super::{RuleError, Rules};
use crate::model::{
    AlarmObject, Course, DecisionStep, Facts, Judgement, KeptRule, Observation, ProbableCause, Raised,
    RuleKey, SubjectId,
};
use crate::ports::StoreError;
use crate::request::Request;

/// How many subjects are looked at in detail at once.
const WIDTH: usize = 16;
/// How many hashes of what was kept are remembered.
const MOST_HASHES: usize = 100_000;
/// How many observations are written at once.
const WRITTEN: usize = 500;

/// One turn of a rule.
pub(super) struct Turn<'a> {
    pub(super) rules: &'a Rules,
    pub(super) key: &'a RuleKey,
    pub(super) kept: &'a KeptRule,
    pub(super) request: &'a Request,
}

/// What a look at a subject has led to.
struct Seen {
    observation: Observation,
    /// Why the condition could not be decided.
    broken: Option<String>,
    /// Whether the decision is further, so that a rehearsal must see this moment.
    further: bool,
}

impl Rules {
    /// Looks at everything that a rule watches, and does what follows. Returns the time until the next turn: what
    /// is left of the rule's interval; `None` if the rule was deleted.
    ///
    /// # Errors
    /// Returns an error if the database or the engine fails. Then the turn must be repeated.
    pub async fn turn(&self, key: &RuleKey) -> Result<Option<Duration>, RuleError> {
        let (watch, begun) = (self.watch()?, Instant::now());
        let Some(latest) = self.latest(key).await? else { return Ok(None) };
        let request = self.request(key, &latest.change.by);
        let Some(kept) = latest.into_kept() else {
            self.end(key).await?;
            return Ok(None);
        };
        let when = &kept.rule.spec.when;
        let turn = Turn { rules: self, key, kept: &kept, request: &request };
        let subjects = self.subjects(&request, key, &kept.rule).await?;
        let facts = {
            // A database that answers the lists of many rules at once may answer none in time.
            let _turn = self.lists.lock().await;
            self.first_facts(&**watch, when, &subjects, request.now).await?
        };
        let mut courses = self.courses(key).await?;
        let looks = Looks::new(self, &**watch, &request, when);
        let looked = stream::iter(subjects.watched.iter().zip(facts)).map(|(subject, facts)| {
            let course = courses.remove(&subject.id);
            turn.subject(&looks, subject, facts, course)
        });
        let looked: Vec<_> = looked.buffer_unordered(WIDTH).boxed().collect().await;
        let looked = looked.into_iter().collect::<Result<Vec<_>, _>>()?;
        turn.over(courses).await?;
        let denied = subjects.denied.map(|(intent, reason)| format!("it may not see `{intent}`: {reason}"));
        turn.report_broken(looked.iter().find_map(|seen| seen.broken.clone()).or(denied)).await?;
        self.keep_seen(key, looked).await?;
        let every = kept.rule.spec.interval().to_duration().unwrap_or(Duration::from_secs(30));
        Ok(Some(every.saturating_sub(begun.elapsed())))
    }

    /// Ends what a deleted rule has begun.
    async fn end(&self, key: &RuleKey) -> Result<(), RuleError> {
        let now = self.parts.clock.now();
        for (subject, (version, course)) in self.courses(key).await? {
            if matches!(course.decision.state, DecisionState::Fired | DecisionState::Clearing) {
                self.clear_alarms(key, &course).await?;
            }
            self.parts.store.save_course(key, &subject, Some(version), None, now).await?;
        }
        let place = key.project.as_deref().map_or_else(AlarmObject::bridge, AlarmObject::project);
        let at_once = Some(SignedDuration::ZERO);
        Ok(self.alarms.clear(&place, ProbableCause::RuleBroken, &key.to_string(), at_once).await?)
    }

    /// Keeps what was seen, where it differs from what was kept last.
    async fn keep_seen(&self, key: &RuleKey, looked: Vec<Seen>) -> Result<(), StoreError> {
        let mut changed = Vec::new();
        {
            let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // Then all is kept once more, which does no harm.
            if kept.len() > MOST_HASHES {
                kept.clear();
            }
            for Seen { observation, further, .. } in looked {
                let hash = hash(&observation.facts);
                if kept.insert((key.clone(), observation.subject.clone()), hash) != Some(hash) || further {
                    changed.push(observation);
                }
            }
        }
        for batch in changed.chunks(WRITTEN) {
            self.parts.store.observe(batch).await?;
        }
        Ok(())
    }
}

impl Turn<'_> {
    async fn subject(
        &self,
        looks: &Looks<'_>,
        subject: &Watched,
        mut facts: Facts,
        kept: Option<(i64, Course)>,
    ) -> Result<Seen, RuleError> {
        let (version, mut course): (_, Course) =
            kept.map_or_else(Default::default, |(version, course)| (Some(version), course));
        let before = course.clone();
        let judged = looks.judge(subject, &mut facts, &mut course.memory).await;
        self.describe(&mut course, subject, &facts);
        let step = self.go_on(&subject.id, version, &before, course, &judged).await?;
        let broken = (judged.holds.is_none()).then(|| why_unknown(&judged.why)).flatten();
        let observation = Observation {
            subject: subject.id.clone(),
            intent: subject.intent.clone(),
            at: self.request.now,
            facts,
        };
        Ok(Seen { observation, broken, further: step != DecisionStep::Same })
    }

    /// Ends decisions about what is no longer watched.
    async fn over(&self, courses: HashMap<SubjectId, (i64, Course)>) -> Result<(), RuleError> {
        let why = Term {
            term: "watched".to_owned(),
            state: TermState::DoesNotHold,
            seen: "the intent or the run is no longer watched".to_owned(),
            terms: Vec::new(),
        };
        let judged = Judgement { holds: Some(false), why, needs: [].into() };
        for (subject, (version, course)) in courses {
            if !matches!(course.decision.state, DecisionState::Quiet | DecisionState::Cleared) {
                self.go_on(&subject, Some(version), &course.clone(), course, &judged).await?;
            }
        }
        Ok(())
    }

    /// Goes on with a decision, writes it, and does what follows.
    async fn go_on(
        &self,
        subject: &SubjectId,
        mut version: Option<i64>,
        before: &Course,
        mut course: Course,
        judged: &Judgement,
    ) -> Result<DecisionStep, RuleError> {
        let (now, spec) = (self.request.now, &self.kept.rule.spec);
        let times = (spec.holds_for.to_signed(), spec.clear_for.to_signed());
        let step = course.step(judged.holds, &judged.why, now, times);
        match step {
            DecisionStep::Fires => {
                course.decision.revision = self.kept.revision.get();
                course.plan(&spec.then);
                let (why, decision) = (&course.decision.why, &course.decision);
                tracing::info!(rule = %self.key, intent = decision.intent, workflow_id = %decision.workflow_id, episode = decision.episode, condition = why.term, "a rule acts");
            }
            // Before it is written: if this process ends in between, the next turn clears them again.
            DecisionStep::Clears => self.rules.clear_alarms(self.key, &course).await?,
            DecisionStep::Same | DecisionStep::Further => {}
        }
        if course != *before && (version.is_some() || course.matters()) {
            match self.save(subject, version, &course).await? {
                Some(written) => version = Some(written),
                // Another process looks at the same: it acts.
                None => return Ok(DecisionStep::Same),
            }
        }
        if let Some(version) = version {
            self.act(subject, version, course).await?;
        }
        Ok(step)
    }

    /// Writes a course. Returns its new version; `None` if another process has changed it.
    pub(super) async fn save(
        &self,
        subject: &SubjectId,
        version: Option<i64>,
        course: &Course,
    ) -> Result<Option<i64>, StoreError> {
        let json = course.matters().then(|| workflow_api::to_go_text(course));
        let store = &self.rules.parts.store;
        let saved = store.save_course(self.key, subject, version, json.as_deref(), self.request.now).await?;
        Ok(saved.then(|| version.unwrap_or(0) + 1))
    }

    /// Notes what the decision is about.
    fn describe(&self, course: &mut Course, subject: &Watched, facts: &Facts) {
        course.decision.intent = subject.intent.to_string();
        if let Some(run) = &facts.run {
            course.decision.workflow_id = run.workflow_id.clone();
            // A run that cannot be found now is still the one that was seen.
            if !run.run_id.is_empty() {
                course.decision.run_id = run.run_id.clone();
            }
        }
    }

    /// Raises the alarm that the rule cannot be evaluated, or clears it.
    async fn report_broken(&self, broken: Option<String>) -> Result<(), StoreError> {
        let project = self.key.project.as_deref();
        let place = project.map_or_else(AlarmObject::bridge, AlarmObject::project);
        let (cause, problem) = (ProbableCause::RuleBroken, self.key.to_string());
        match broken {
            Some(why) => {
                let text = format!("rule `{problem}` cannot be evaluated: {why}");
                self.rules
                    .alarms
                    .raise(&Raised { problem, ..Raised::new(place, cause, text) })
                    .await
                    .map(drop)
            }
            None => self.rules.alarms.clear(&place, cause, &problem, Some(SignedDuration::ZERO)).await,
        }
    }
}

/// Returns why a condition is not known: the first reason of a term.
fn why_unknown(why: &Term) -> Option<String> {
    if why.state == TermState::Unknown && !why.seen.is_empty() {
        return Some(format!("{}: {}", why.term, why.seen));
    }
    why.terms.iter().find_map(why_unknown)
}

fn hash(facts: &Facts) -> u64 {
    let mut hasher = DefaultHasher::new();
    workflow_api::to_go_text(facts).hash(&mut hasher);
    hasher.finish()
}
