//! Many runs with faults of each kind, many rules, and a bridge that is killed again and again: each rule sees all
//! that it should and nothing else, and acts once. More runs:
//! `RULES_RUNS=10000 cargo test -p bridge simulation -- --nocapture`.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Instant;

use bridge_core::model::{Course, SubjectId};
use bridge_store::{Database, DatabaseUrl};
use futures::{StreamExt, stream};
use harness::{Process, free_port, http};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::time::timeout;

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
    kinds: Vec<Kind>,
    intents: &'static [&'static str],
}

/// Five rules over all intents, and fifteen over one each.
fn rules() -> Vec<Rule> {
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
        ("late", &late, json!("0s"), alarm("workflowLate"), vec![Late, Retrying, Deserted]),
        ("retrying", &retrying, json!("3s"), alarm("activityRetriesExceeded"), vec![Retrying]),
        ("deserted", &deserted, json!("0s"), alarm("noWorker"), vec![Deserted]),
        ("waits", &waits, json!("12s"), signal, vec![Late]),
        ("failed", &failed, json!("0s"), start, vec![Failing]),
    ];
    let mut rules = Vec::new();
    for (name, when, hold, then, kinds) in all {
        let spec = |scope: Value, then: &Value| -> Value {
            json!({"scope": scope, "when": when, "for": hold, "every": "20s", "then": then})
        };
        rules.push(Rule {
            name: name.to_owned(),
            spec: spec(json!({"deploymentIntentGroup": "dig1"}), &then),
            kinds: kinds.clone(),
            intents: &INTENTS,
        });
        for (at, intent) in INTENTS.iter().enumerate().take(3) {
            rules.push(Rule {
                name: format!("{name}-{intent}"),
                spec: spec(json!({"intent": intent}), &alarm("workflowStuck")),
                kinds: kinds.clone(),
                intents: &INTENTS[at..=at],
            });
        }
    }
    rules
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
    let process = serving(port, &database, temporal.address()).spawn().unwrap();
    let mut bridge = Served { process, url: format!("http://127.0.0.1:{port}") };
    bridge.process.wait_ready(&format!("{}/readyz", bridge.url)).await.unwrap();
    for name in INTENTS.into_iter().chain(["repair"]) {
        let intent = intent(name, client.port, &task_queue, json!({"kind": "Echo"}));
        bridge.send(Method::POST, &intents(), &intent).await;
    }
    let rules = rules();
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
    eventually(SOON * 10, "every rule has acted", &all).await;
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
            // On a busy machine, a healthy run can be late too.
            let is_about_time = rule.name.starts_with("late") || rule.name.starts_with("waits");
            let took = lasted(&temporal, workflow_id).await;
            assert!(is_about_time && took > LATE, "{}: {workflow_id} took {took}", rule.name);
        }
        for course in courses.values() {
            let decision = &course.decision;
            assert_eq!(decision.episode, 1, "{}: {decision:?}", rule.name);
            let done = decision.actions.iter().all(|one| one.state == workflow_api::ActionState::Done);
            assert!(done, "{}: {decision:?}", rule.name);
        }
    }
    let failing = runs.iter().filter(|run| run.kind == Kind::Failing).count();
    let key = bridge_core::model::IntentKey::read(&format!("{PROJECT}/capp1/v1/dig1/repair"));
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
