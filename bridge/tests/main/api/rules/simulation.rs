//! Many runs with faults of each kind, many rules, and a bridge that is killed again and again: each rule sees all
//! that it should and nothing else, and acts once. More runs:
//! `RULES_RUNS=10000 RULES_EVERY=600s cargo test -p bridge simulation -- --nocapture`.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Instant;

use bridge_core::model::{Course, IntentKey, SubjectId};
use bridge_store::{Database, DatabaseUrl};
use futures::{StreamExt, stream};
use harness::{Process, free_port, http};
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use tokio::sync::Mutex;
use tokio::time::timeout;
use workflow_api::{ActionOutcome, ActionState, DecisionState, Rehearsal, RuleDecision, Term, TermState};

use super::*;
use crate::cli::serving;
use crate::temporal::worker::TestWorker;

/// The intents, each with an equal share of the runs.
const INTENTS: [&str; 4] = ["a", "b", "c", "d"];
/// How many kills there are, and the time between two.
const KILLS: usize = 4;
const LIFE: Duration = Duration::from_secs(10);
/// The time after which a run is late.
const LATE: SignedDuration = SignedDuration::from_secs(5);
/// The most runs that a rehearsal looks at.
const REHEARSED: usize = 1000;
/// The outcome of an action that came too late to be done.
const ENDED: &str = "the condition had ended before";
/// How many signals are counted in histories.
const COUNTED: usize = 20;

/// What happens to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Healthy,
    Failing,
    Late,
    Retrying,
    Deserted,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Healthy, Self::Failing, Self::Late, Self::Retrying, Self::Deserted];

    fn params(self, nobody: &str) -> Value {
        match self {
            Self::Healthy => json!({"kind": "Echo"}),
            Self::Failing => json!({"kind": "FailingActivity"}),
            Self::Late => json!({"kind": "Gate"}),
            Self::Retrying => json!({"kind": "Retrying", "input": "100000"}),
            Self::Deserted => json!({"kind": "Gate", "queue": nobody}),
        }
    }
}

/// A rule, and the kinds of runs about which it must act.
struct Rule {
    name: String,
    spec: Value,
    /// How long the condition must hold.
    holds: SignedDuration,
    /// How long after the request of a start the condition holds at the earliest.
    takes: SignedDuration,
    kinds: Vec<Kind>,
    intents: &'static [&'static str],
}

/// Five rules over all intents, and fifteen over one each.
fn rules(every: &str) -> Vec<Rule> {
    use Kind::{Deserted, Failing, Late, Retrying};
    let late = json!({"all": [{"state": ["Running"]}, {"runningFor": format!("{LATE}")}]});
    let retrying = json!({"pendingActivity": {"attempt": 2}});
    let deserted = json!({"queue": {"noPollersFor": "2s"}});
    let stuck = json!({"any": [retrying.clone(), deserted.clone()]});
    let waits = json!({"all": [late.clone(), {"not": stuck.clone()}]});
    let failed = json!({"state": ["Failed"]});
    let signal = json!([{"signal": {"name": "poke"}, "once": "Run"}]);
    let start = json!([{"start": {"intent": "repair"}, "once": "Run"}]);
    let all = [
        ("late", &late, 0, 5, alarm("workflowLate"), vec![Late, Retrying, Deserted]),
        ("retrying", &retrying, 3, 0, alarm("activityRetriesExceeded"), vec![Retrying]),
        ("deserted", &deserted, 0, 2, alarm("noWorker"), vec![Deserted]),
        ("waits", &waits, 12, 5, signal, vec![Late]),
        ("failed", &failed, 0, 0, start, vec![Failing]),
    ];
    let mut rules = Vec::new();
    for (name, when, holds, takes, then, kinds) in all {
        let (holds, takes) = (SignedDuration::from_secs(holds), SignedDuration::from_secs(takes));
        let spec = |scope: Value, then: &Value| -> Value {
            json!({"scope": scope, "when": when, "for": format!("{}s", holds.as_secs()), "every": every, "then": then})
        };
        rules.push(Rule {
            name: name.to_owned(),
            spec: spec(json!({"deploymentIntentGroup": "dig1"}), &then),
            holds,
            takes,
            kinds: kinds.clone(),
            intents: &INTENTS,
        });
        for (at, intent) in INTENTS.iter().enumerate().take(3) {
            rules.push(Rule {
                name: format!("{name}-{intent}"),
                spec: spec(json!({"intent": intent}), &alarm("workflowStuck")),
                holds,
                takes,
                kinds: kinds.clone(),
                intents: &INTENTS[at..=at],
            });
        }
    }
    rules
}

impl Rule {
    /// Returns whether the rule may act about a run that is healthy. On a busy machine, it can be late.
    async fn may_be_about(&self, temporal: &TemporalServer, workflow_id: &str) -> bool {
        let is_about_time = self.name.starts_with("late") || self.name.starts_with("waits");
        is_about_time && lasted(temporal, workflow_id).await > LATE
    }
}

/// A run that was started.
struct Run {
    workflow_id: String,
    intent: &'static str,
    kind: Kind,
}

/// A bridge as a process, on a database that outlives it.
struct Served {
    process: Process,
    url: String,
}

impl Served {
    async fn send(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.url);
        let request = http().request(method, url).header("prefer", "return=representation");
        let answer = request.body(body.to_string()).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Compares a rehearsal of a rule with its decisions, term by term. Unless `whole`, it looks at some of the runs.
    async fn rehearsed_as_decided(
        &self,
        temporal: &TemporalServer,
        store: &dyn Database,
        rule: &Rule,
        whole: bool,
    ) -> Result<(), String> {
        let name = &rule.name;
        let url = format!("{}/v2/projects/{PROJECT}/workflow-rules/{name}/rehearse", self.url);
        // On a busy machine, hundreds of looks take their time, and Temporal may not respond in time.
        let answer = http().post(url).timeout(SOON * 2).send().await.map_err(|error| error.to_string())?;
        if answer.status() == StatusCode::GATEWAY_TIMEOUT {
            return Err(answer.text().await.unwrap());
        }
        let rehearsal: Rehearsal = answer.error_for_status().unwrap().json().await.unwrap();
        let essence = |decision: &RuleDecision| {
            (decision.workflow_id.as_str().to_owned(), (decision.state, states(&decision.why)))
        };
        let mut live: BTreeMap<_, _> =
            courses(store, name).await.values().map(|course| essence(&course.decision)).collect();
        let mut rehearsed: BTreeMap<_, _> = rehearsal.decisions.iter().map(essence).collect();
        if !whole {
            live.retain(|workflow_id, _| rehearsed.contains_key(workflow_id));
        }
        let further: Vec<_> = rehearsed.keys().filter(|id| !live.contains_key(*id)).cloned().collect();
        for workflow_id in further {
            // Another rule has seen that a healthy run was late, at a moment at which this one did not look.
            if rule.may_be_about(temporal, &workflow_id).await {
                rehearsed.remove(&workflow_id);
            }
        }
        let open = rehearsal.undecided.first();
        match open.is_none() && rehearsal.partial != whole && !rehearsed.is_empty() && rehearsed == live {
            true => Ok(()),
            false => Err(format!("{name}: undecided {open:?}, rehearsed {rehearsed:?}, live {live:?}")),
        }
    }
}

/// Returns the terms of a condition with their states.
fn states(why: &Term) -> Vec<(String, TermState)> {
    let own = (why.term.clone(), why.state);
    std::iter::once(own).chain(why.terms.iter().flat_map(states)).collect()
}

fn intents() -> String {
    format!("{}/temporal-workflow-intents", harness::SAMPLE_DIG)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_rule_sees_all_that_it_should_and_acts_once() {
    let count = std::env::var("RULES_RUNS").map_or(500, |runs| runs.parse().unwrap());
    // A server of its own: the others would have to wait for it.
    let (temporal, task_queue) = (TemporalServer::start().await.unwrap(), unique("simulation"));
    let _worker = TestWorker::start(temporal.url(), task_queue.clone());
    let client = OurClient::of(clients![watched], temporal.address()).await;
    let directory = tempfile::tempdir().unwrap();
    let (database, port) = (directory.path().join("bridge.db"), free_port());
    let process = serving(port, &database, temporal.address());
    let process = process.args(["--max-alarms", "100000"]).spawn().unwrap();
    let mut bridge = Served { process, url: format!("http://127.0.0.1:{port}") };
    bridge.process.wait_ready(&format!("{}/readyz", bridge.url)).await.unwrap();
    for name in INTENTS.into_iter().chain(["repair"]) {
        let intent = intent(name, client.port, &task_queue, json!({"kind": "Echo"}));
        bridge.send(Method::POST, &intents(), &intent).await;
    }
    let every = std::env::var("RULES_EVERY").unwrap_or_else(|_| "20s".to_owned());
    let rules = rules(&every);
    assert_eq!(rules.len(), 20);
    for Rule { name, spec, .. } in &rules {
        let path = format!("/v2/projects/{PROJECT}/workflow-rules/{name}");
        bridge.send(Method::PUT, &path, &json!({"metadata": {"name": name}, "spec": spec})).await;
    }

    let nobody = unique("nobody");
    let began = Instant::now();
    let runs = stream::iter(0..count).map(async |number: usize| {
        let (intent, kind) = (INTENTS[number % INTENTS.len()], Kind::ALL[number / INTENTS.len() % 5]);
        let body = json!({"spec": {"activityParams": {"all-activities": kind.params(&nobody)}}});
        let started = bridge.send(Method::POST, &format!("{}/{intent}/start", intents()), &body).await;
        Run { workflow_id: started["workflowID"].as_str().unwrap().to_owned(), intent, kind }
    });
    let runs: Vec<Run> = runs.buffer_unordered(8).collect().await;
    println!("{count} runs started within {:?}", began.elapsed());

    // Killed in the middle of turns, since there is always one of twenty rules at work.
    let url: DatabaseUrl = format!("sqlite://{}", database.display()).parse().unwrap();
    let beside = bridge_store::open_audit(&url).await.unwrap();
    // A rule that has acted everywhere is not looked at again.
    let left =
        Mutex::new(rules.iter().map(|rule| (&rule.name, about(rule, &runs).len())).collect::<Vec<_>>());
    let all = async || {
        let mut left = left.lock().await;
        while let Some((name, expected)) = left.last() {
            let fired = fired(&*beside, name).await;
            if fired < *expected {
                return Err(format!("{name}: {fired} of {expected}"));
            }
            left.pop();
        }
        Ok(())
    };
    for _ in 0..KILLS {
        let _ = timeout(LIFE, eventually(SOON, "every rule has acted", &all)).await;
        bridge.process.restart().unwrap();
        bridge.process.wait_ready(&format!("{}/readyz", bridge.url)).await.unwrap();
    }
    let limit = SOON * 10 + Duration::from_millis(300) * u32::try_from(count).unwrap();
    eventually(limit, "every rule has acted", &all).await;
    for rule in rules.iter().filter(|rule| rule.intents.len() == INTENTS.len()) {
        eventually(SOON * 4, "a rehearsal decides as the rule did", async || {
            bridge.rehearsed_as_decided(&temporal, &*beside, rule, count <= REHEARSED).await
        })
        .await;
    }
    let calls = http().get(format!("{}/metrics", bridge.url)).send().await.unwrap().text().await.unwrap();
    for line in calls.lines().filter(|line| line.contains("ListWorkflowExecutions")) {
        println!("{line}");
    }
    bridge.process.terminate().unwrap();
    bridge.process.wait_exit(SOON).await.unwrap();
    let store = bridge_store::open(&url, NonZeroU32::MIN).await.unwrap();
    for rule in &rules {
        let courses = courses(&*store, &rule.name).await;
        let seen: BTreeSet<_> = courses.keys().cloned().collect();
        let wanted: BTreeSet<_> = about(rule, &runs).into_iter().collect();
        let (missed, wrong): (Vec<_>, Vec<_>) =
            (wanted.difference(&seen).collect(), seen.difference(&wanted).collect());
        assert!(missed.is_empty(), "{}: missed {missed:?}", rule.name);
        for workflow_id in wrong {
            assert!(rule.may_be_about(&temporal, workflow_id).await, "{}: {workflow_id}", rule.name);
        }
        for course in courses.values() {
            let decision = &course.decision;
            assert_eq!(decision.episode, 1, "{}: {decision:?}", rule.name);
            // A healthy run that was late may have ended while the bridge was killed, before anything was done.
            let ended =
                !wanted.contains(decision.workflow_id.as_str()) && decision.state == DecisionState::Cleared;
            let is_right =
                |one: &ActionOutcome| one.state == ActionState::Done || (ended && one.text == ENDED);
            assert!(decision.actions.iter().all(is_right), "{}: {decision:?}", rule.name);
        }
    }
    println!("{}", delays(&*store, &rules, &runs).await);
    let failing = runs.iter().filter(|run| run.kind == Kind::Failing).count();
    let key = IntentKey::read(&format!("{PROJECT}/capp1/v1/dig1/repair"));
    let repairs = store.starts(&key.unwrap(), None, u32::MAX).await.unwrap();
    assert_eq!(repairs.len(), failing);
    for run in runs.iter().filter(|run| run.kind == Kind::Late).take(COUNTED) {
        let history = temporal.cli(&["workflow", "show", "-w", &run.workflow_id]).await.unwrap();
        let events = history["events"].as_array().unwrap().iter();
        let signals = events.filter(|event| event["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED");
        assert_eq!(signals.count(), 1, "{}", run.workflow_id);
    }
    println!("every rule has acted, {:?} after the first start", began.elapsed());
}

/// Returns how much later than at the earliest the rules have acted, as a sentence. Two intervals are allowed.
async fn delays(store: &dyn Database, rules: &[Rule], runs: &[Run]) -> String {
    let mut requested = BTreeMap::new();
    for intent in INTENTS {
        let key = IntentKey::read(&format!("{PROJECT}/capp1/v1/dig1/{intent}")).unwrap();
        let starts = store.starts(&key, None, u32::MAX).await.unwrap();
        requested.extend(starts.into_iter().map(|start| (start.workflow_id.to_string(), start.requested_at)));
    }
    let mut delays = Vec::new();
    for rule in rules {
        let courses = courses(store, &rule.name).await;
        for workflow_id in about(rule, runs) {
            let fired = courses[&workflow_id].decision.fired_at.unwrap();
            delays.push(fired.duration_since(requested[&workflow_id]) - rule.holds - rule.takes);
        }
    }
    delays.sort();
    let at = |percent: usize| delays[(delays.len() - 1) * percent / 100];
    format!("acted later than at the earliest by {:#} (p50), {:#} (p99), {:#}", at(50), at(99), at(100))
}

/// Returns the workflows about which a rule must act.
fn about(rule: &Rule, runs: &[Run]) -> Vec<String> {
    let runs = runs.iter().filter(|run| rule.kinds.contains(&run.kind) && rule.intents.contains(&run.intent));
    runs.map(|run| run.workflow_id.clone()).collect()
}

/// Returns how long a run was open, by Temporal's own times.
async fn lasted(temporal: &TemporalServer, workflow_id: &str) -> SignedDuration {
    let described = temporal.cli(&["workflow", "describe", "-w", workflow_id]).await.unwrap();
    let time = |name: &str| -> Option<Timestamp> {
        described["workflowExecutionInfo"][name].as_str().and_then(|time| time.parse().ok())
    };
    let closed = time("closeTime").unwrap_or_else(Timestamp::now);
    closed.duration_since(time("startTime").unwrap())
}

/// Returns in how many decisions a rule has acted.
async fn fired(store: &dyn Database, rule: &str) -> usize {
    courses(store, rule).await.values().filter(|course| course.due().is_empty()).count()
}

/// Returns the courses that a rule has acted in, by workflow.
async fn courses(store: &dyn Database, rule: &str) -> BTreeMap<String, Course> {
    let (key, mut courses, mut after) =
        (RuleKey::of(PROJECT, rule), BTreeMap::new(), SubjectId(String::new()));
    loop {
        let page = store.courses(&key, &after, 1000).await.unwrap();
        let Some(last) = page.last() else { return courses };
        after = last.subject.clone();
        for kept in page {
            let course: Course = serde_json::from_str(&kept.json).unwrap();
            if course.decision.fired_at.is_some() {
                let before = courses.insert(course.decision.workflow_id.as_str().to_owned(), course);
                assert!(before.is_none(), "two decisions about one workflow");
            }
        }
    }
}
