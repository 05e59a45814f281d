//! Looks that cost more: each source is asked only if the condition cannot be decided without it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use workflow_api::{ClientStanding, Condition, QueryTerm, RawJson, TaskQueue};

use super::Rules;
use super::subjects::Watched;
use crate::access::{Action, Resource};
use crate::intents::ClientCheck;
use crate::model::{FactSource, Facts, Judgement, Memory, QueueSeen, RunSeen, judge, value_key};
use crate::ports::{Query, QueueLook, Watch};
use crate::request::Request;

/// Timeout of a query.
const ANSWER: Duration = Duration::from_secs(10);
/// Timeout of a question to a workflow client.
const CHECK: Duration = Duration::from_secs(2);
/// The largest value of a query's result that is looked at, in bytes.
const VALUE_MAX: usize = 4096;

/// The looks of one turn of a rule. What is asked for one subject is known for the others.
pub(super) struct Looks<'a> {
    pub(super) rules: &'a Rules,
    pub(super) watch: &'a dyn Watch,
    pub(super) request: &'a Request,
    pub(super) when: &'a Condition,
    queues: Mutex<HashMap<TaskQueue, Result<QueueLook, String>>>,
}

impl<'a> Looks<'a> {
    pub(super) fn new(
        rules: &'a Rules,
        watch: &'a dyn Watch,
        request: &'a Request,
        when: &'a Condition,
    ) -> Self {
        Self { rules, watch, request, when, queues: Mutex::default() }
    }

    /// Judges the condition about a subject, and looks for what is missing until it is decided, or cannot be.
    pub(super) async fn judge(&self, subject: &Watched, facts: &mut Facts, memory: &mut Memory) -> Judgement {
        let now = self.request.now;
        loop {
            let judged = judge(self.when, facts, now);
            let Some(source) = judged.needs.first() else {
                // The list may be late. What the rule acts upon is seen in the run itself.
                if judged.holds == Some(true) && self.confirmed(facts).await {
                    continue;
                }
                return judged;
            };
            if let Err(reason) = self.look(*source, subject, facts, memory, now).await {
                facts.broken.insert(*source, reason);
            }
        }
    }

    /// Looks at the run itself, once. Returns whether that has changed the facts.
    async fn confirmed(&self, facts: &mut Facts) -> bool {
        if facts.detail.is_some() || facts.broken.contains_key(&FactSource::Detail) {
            return false;
        }
        let Some(run) = &mut facts.run else { return false };
        let before = run.clone();
        if run.state.is_some()
            && let Err(error) = self.rules.confirm(run).await
        {
            // Nothing is done about what cannot be confirmed.
            facts.run = None;
            facts.broken.insert(FactSource::Run, workflow_api::chain(&error));
            return true;
        }
        *run != before
    }

    async fn look(
        &self,
        source: FactSource,
        subject: &Watched,
        facts: &mut Facts,
        memory: &mut Memory,
        now: Timestamp,
    ) -> Result<(), String> {
        match source {
            FactSource::Run => return Err("the condition is about runs, but there is none".to_owned()),
            FactSource::Detail => self.detail(facts).await?,
            FactSource::Queue => facts.queue = Some(self.queue(facts, memory, now).await?),
            FactSource::Schedules => {
                facts.missed = Some(self.missed(subject, memory, now).await?);
            }
            FactSource::Client => facts.drifted = Some(self.drifted(subject).await?),
            FactSource::Query => {
                let run = facts.run.clone().unwrap_or_default();
                for term in queries(self.when) {
                    let value = self.ask(subject, &run, term).await?;
                    facts.values.insert(value_key(term), value);
                }
            }
        }
        Ok(())
    }

    async fn detail(&self, facts: &mut Facts) -> Result<(), String> {
        let run = facts.run.clone().unwrap_or_default();
        let asked = self.rules.home_run(&run.workflow_id, &run.run_id);
        match self.watch.look(&asked).await.map_err(|error| workflow_api::chain(&error))? {
            Some((run, detail)) => (facts.run, facts.detail) = (Some(run), Some(detail)),
            None => facts.run = Some(RunSeen { state: None, ..run }),
        }
        Ok(())
    }

    async fn queue(
        &self,
        facts: &mut Facts,
        memory: &mut Memory,
        now: Timestamp,
    ) -> Result<QueueSeen, String> {
        if facts.detail.is_none() {
            self.detail(facts).await?;
        }
        let Some(detail) = &facts.detail else { return Ok(QueueSeen::default()) };
        let mut queues = self.queues.lock().await;
        let seen = match queues.get(&detail.task_queue) {
            Some(seen) => seen.clone(),
            None => {
                let seen = self.watch.queue(&detail.task_queue).await;
                let seen = seen.map_err(|error| workflow_api::chain(&error));
                queues.entry(detail.task_queue.clone()).or_insert(seen).clone()
            }
        };
        let QueueLook { has_pollers, waits_since } = seen?;
        memory.empty_since = if has_pollers { None } else { memory.empty_since.or(Some(now)) };
        Ok(QueueSeen { empty_since: memory.empty_since, waits_since })
    }

    /// Returns when each schedule of the intent was last seen to have missed something.
    async fn missed(
        &self,
        subject: &Watched,
        memory: &mut Memory,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Timestamp>, String> {
        let counts = self.rules.schedules.not_started(&subject.intent).await;
        let counts = counts.map_err(|error| workflow_api::chain(&error))?;
        memory.missed.retain(|name, _| counts.contains_key(name));
        for (name, count) in counts {
            // What it had missed before the first look is not news.
            let (known, at) = memory.missed.entry(name).or_insert((count, None));
            if count > *known {
                *at = Some(now);
            }
            *known = count;
        }
        let grown = memory.missed.iter().filter_map(|(name, (_, at))| Some((name.clone(), (*at)?)));
        Ok(grown.collect())
    }

    async fn drifted(&self, subject: &Watched) -> Result<bool, String> {
        let intent = self.rules.intent(&subject.intent).await.map_err(|error| workflow_api::chain(&error))?;
        let Some(intent) = intent else { return Ok(false) };
        let check = ClientCheck::ask(&*self.rules.parts.clients, &Arc::clone(&intent), CHECK).await;
        match (check.standing(), check) {
            (_, ClientCheck::Unknown(reason)) => Err(reason),
            (standing, _) => Ok(standing == ClientStanding::Drifted),
        }
    }

    /// Returns the value of a query's result; `None` if there is none at this place.
    async fn ask(
        &self,
        subject: &Watched,
        run: &RunSeen,
        term: &QueryTerm,
    ) -> Result<Option<RawJson>, String> {
        let resource = Resource::Intent(&subject.intent);
        self.rules.parts.access.would_allow(self.request, Action::Query, resource)?;
        let query = Query {
            query_type: term.name.clone(),
            args: term.args.clone(),
            reject: None,
            bound: Some(ANSWER),
        };
        let run = self.rules.home_run(&run.workflow_id, &run.run_id);
        let result = self.rules.parts.engine.query(&run, &query).await;
        let result = result.map_err(|error| workflow_api::chain(&error))?;
        let pointer = term.pointer.clone();
        let size = result.as_str().len();
        heavy::heavy(size, move || value_at(&result, &pointer)).await
    }
}

fn value_at(result: &RawJson, pointer: &str) -> Result<Option<RawJson>, String> {
    let result: serde_json::Value =
        serde_json::from_str(result.as_str()).map_err(|error| format!("the result is no JSON: {error}"))?;
    let Some(value) = result.pointer(pointer) else { return Ok(None) };
    let value = RawJson::from(value.clone());
    if value.as_str().len() > VALUE_MAX {
        return Err(format!("the value has more than {VALUE_MAX} bytes"));
    }
    Ok(Some(value))
}

/// Returns all queries of a condition.
fn queries(when: &Condition) -> Vec<&QueryTerm> {
    when.query.iter().chain(when.parts().flat_map(queries)).collect()
}
