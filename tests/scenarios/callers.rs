//! Callers that start workflows under idempotency keys, and repeat each call until it has its final answer.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, anyhow, bail, ensure};
use fastrand::Rng;
use futures::future::try_join_all;
use harness::{eventually, http};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::sync::watch;

/// How many starts there are, each with a key of its own.
pub(crate) const STARTS: usize = 1000;
/// Each start is sent twice, beside being repeated.
pub(crate) const CALLS: usize = 2 * STARTS;
const AT_A_TIME: usize = 24;
/// A call may meet several kills, and the time that a bridge leaves to one that has died.
const ANSWERED_WITHIN: Duration = Duration::from_secs(120);
/// Every start gets a workflow ID of its own; only the key leads to it again.
const BODY: &str = r#"{"spec":{"workflowID":"chaos-{{uuid}}"}}"#;

/// The run that an answer names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Run {
    pub(crate) workflow_id: String,
    pub(crate) run_id: String,
}

/// One call for a start.
#[derive(Clone, Copy, Debug)]
struct Call {
    start: usize,
    /// The start was under way when it was called for, perhaps at a bridge that has died: others went first.
    put_off: bool,
}

/// What an answer is good for.
#[derive(Debug)]
enum Outcome {
    Started(Run),
    /// To be asked for again, after others.
    UnderWay,
}

/// Everybody who calls.
#[derive(Debug)]
pub(crate) struct Callers {
    urls: Vec<String>,
    waiting: Mutex<VecDeque<Call>>,
    answered: watch::Sender<usize>,
    /// How often a call was repeated, by what was wrong.
    repeats: Mutex<BTreeMap<String, usize>>,
}

impl Callers {
    /// Callers of these bridges, in a random order.
    pub(crate) fn new(urls: Vec<String>, random: &mut Rng) -> Self {
        let mut calls: Vec<Call> =
            (0..CALLS).map(|call| Call { start: call % STARTS, put_off: false }).collect();
        random.shuffle(&mut calls);
        let waiting = Mutex::new(calls.into());
        Self { urls, waiting, answered: watch::Sender::new(0), repeats: Mutex::default() }
    }

    /// Makes all calls; for each, which start it was and what the final answer names.
    pub(crate) async fn call(&self) -> Result<Vec<(usize, Run)>> {
        let runs = try_join_all((0..AT_A_TIME).map(|_| self.call_in_turn())).await?;
        Ok(runs.into_iter().flatten().collect())
    }

    /// Waits until so many calls have their final answer.
    pub(crate) async fn answered(&self, calls: usize) {
        // An error would say that the sender is gone; it is here.
        let _ = self.answered.subscribe().wait_for(|answered| *answered >= calls).await;
    }

    /// What was wrong with the answers that were not final, and how often.
    pub(crate) fn repeats(&self) -> String {
        format!("repeated after {:?}", lock(&self.repeats))
    }

    async fn call_in_turn(&self) -> Result<Vec<(usize, Run)>> {
        let mut runs = Vec::new();
        while let Some(call) = self.next() {
            match self.outcome(call).await? {
                Outcome::Started(run) => {
                    runs.push((call.start, run));
                    self.answered.send_modify(|answered| *answered += 1);
                }
                Outcome::UnderWay => lock(&self.waiting).push_back(Call { put_off: true, ..call }),
            }
        }
        Ok(runs)
    }

    fn next(&self) -> Option<Call> {
        lock(&self.waiting).pop_front()
    }

    /// Calls the bridges in turn until one gives the final answer; the first time, also until it is told to come again.
    async fn outcome(&self, call: Call) -> Result<Outcome> {
        let mut bridges = self.urls.iter().cycle().skip(call.start % self.urls.len());
        eventually(ANSWERED_WITHIN, "a start has its final answer", async || {
            let url = bridges.next().ok_or_else(|| anyhow!("there is no bridge"))?;
            let key = format!("chaos-{}", call.start);
            let answer = http().post(url).header("Idempotency-Key", key).body(BODY).send().await;
            let answer = answer.inspect_err(|_| self.repeat("a broken connection".to_owned()))?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = answer.text().await.inspect_err(|_| self.repeat("a broken answer".to_owned()))?;
            match status {
                status if status.is_success() => Ok(named_run(&headers).map(Outcome::Started)),
                StatusCode::CONFLICT if !call.put_off => {
                    self.repeat(problem_code(status, &body));
                    Ok(Ok(Outcome::UnderWay))
                }
                StatusCode::CONFLICT
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT => {
                    self.repeat(problem_code(status, &body));
                    bail!("{status}: {body}")
                }
                _ => Ok(Err(anyhow!("{status} is nothing that a repeat may change: {body}"))),
            }
        })
        .await
    }

    fn repeat(&self, reason: String) {
        *lock(&self.repeats).entry(reason).or_default() += 1;
    }
}

fn named_run(headers: &HeaderMap) -> Result<Run> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let run = Run { workflow_id: text("Workflow-Id"), run_id: text("Run-Id") };
    ensure!(!run.workflow_id.is_empty() && !run.run_id.is_empty(), "the answer names no run: {headers:?}");
    Ok(run)
}

fn problem_code(status: StatusCode, body: &str) -> String {
    let problem: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    format!("{} {}", status.as_u16(), problem["code"].as_str().unwrap_or("without a code"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
