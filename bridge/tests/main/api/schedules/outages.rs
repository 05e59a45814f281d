//! What becomes of the times that come while Temporal is away.

use std::collections::BTreeSet;
use std::time::Duration;

use client_kit::clients;
use futures::future::join_all;
use harness::{TemporalOptions, TemporalServer, eventually, sample_intent};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::super::our_client::OurClient;
use super::super::{Api, unique};
use super::{SOON, scheduled};
use crate::temporal::worker::TestWorker;

/// How many times come while Temporal is away, one a second.
const AWAY: SignedDuration = SignedDuration::from_secs(30);
/// How long the schedules have times before and after that; longer on a busy machine.
const AROUND: SignedDuration = SignedDuration::from_secs(25);
/// How late a start may be, by the schedule that does not make up for everything.
const LATEST: SignedDuration = SignedDuration::from_secs(10);
/// Enough for one start after the other of all times, also on a busy machine.
const CAUGHT_UP: Duration = Duration::from_secs(240);

/// Each schedule: its name, what its intent starts, and its overlap policy. Runs of `Echo` end at once, those of `Gate`
/// when they get the signal.
const SCHEDULES: [(&str, &str, &str); 7] = [
    ("skip", "Echo", "Skip"),
    ("one", "Gate", "BufferOne"),
    ("all", "Echo", "BufferAll"),
    ("cancel", "Gate", "CancelOther"),
    ("terminate", "Gate", "TerminateOther"),
    ("beside", "Echo", "AllowAll"),
    ("late", "Echo", "AllowAll"),
];

/// A bridge with an intent for each schedule, on a Temporal of the test's own.
struct Scene {
    api: Api,
    temporal: TemporalServer,
    task_queue: String,
    client: OurClient,
    _worker: TestWorker,
}

/// What became of the times of a schedule.
struct Outcome {
    /// The runs of the intent, oldest first, each with its time.
    runs: Vec<(Timestamp, Value)>,
    status: Value,
}

impl Scene {
    async fn new() -> Self {
        // With a database that is still there after a kill.
        let temporal = TemporalOptions::default().start().await.unwrap();
        let task_queue = unique("outages");
        let worker = TestWorker::start(temporal.url(), task_queue.clone());
        let client = OurClient::of(clients![scheduled], temporal.address()).await;
        let api = Api::on(temporal.address(), &[]).await;
        Self { api, temporal, task_queue, client, _worker: worker }
    }

    /// Registers the intent of a schedule.
    async fn register(&self, (name, workflow_type, _): (&str, &str, &str)) {
        let mut intent = sample_intent("127.0.0.1", self.client.port, "http://emco");
        intent["metadata"]["name"] = json!(name);
        let temporal = &mut intent["spec"]["temporal"];
        temporal["workflowStartOptions"]["id"] = json!(format!("{name}-{{{{run}}}}"));
        temporal["workflowStartOptions"]["taskQueue"] = json!(self.task_queue);
        temporal["workflowStartOptions"]["retryPolicy"] = Value::Null;
        temporal["workflowParams"]["activityParams"] = json!({"all-activities": {"kind": workflow_type}});
        let created = self.api.post("", intent.to_string()).await;
        assert_eq!(created.status(), 201, "{}", created.text().await.unwrap());
    }

    /// Keeps a schedule with a time each second until `to`.
    async fn keep(&self, (name, _, overlap): (&str, &str, &str), to: Timestamp) {
        let mut spec = json!({"intervals": [{"every": "1s"}], "endTime": to, "overlap": overlap});
        if name == "late" {
            spec["catchUpWindow"] = json!(format!("{}s", LATEST.as_secs()));
        }
        self.accepted(Method::PUT, &format!("/{name}/schedules/s"), &spec).await;
    }

    /// Waits until Temporal computes times. A new server needs a moment before it works on schedules.
    async fn ready(&self) {
        let (name, ..) = SCHEDULES[0];
        let spec = json!({"intervals": [{"every": "1h"}]});
        self.accepted(Method::POST, &format!("/{name}/schedules/s/preview"), &spec).await;
    }

    /// Sends a request until it has been done. On a busy machine, Temporal may not answer in time.
    async fn accepted(&self, method: Method, below: &str, spec: &Value) {
        let body = json!({"metadata": {"name": "s"}, "spec": spec}).to_string();
        eventually(SOON, &format!("{method} {below} is done"), async || {
            let answer = self.api.request(method.clone(), below).body(body.clone()).send().await.unwrap();
            let late = answer.headers().get("warning").cloned();
            json_of(answer).await?;
            late.map_or(Ok(()), |late| Err(format!("{late:?}")))
        })
        .await;
    }

    /// Returns what is known by now. While Temporal is busy with many starts, it does not describe a schedule.
    async fn outcome(&self, name: &str) -> Result<Outcome, String> {
        let runs = self.api.get(&format!("/{name}/runs?limit=200")).await;
        let runs: Vec<Value> = serde_json::from_value(json_of(runs).await?).unwrap();
        let mut runs: Vec<_> = runs.into_iter().map(|run| (time_of(&run), run)).collect();
        runs.sort_by_key(|(time, _)| *time);
        let status = json_of(self.api.get(&format!("/{name}/schedules/s/status")).await).await?;
        Ok(Outcome { runs, status })
    }

    /// Waits until nothing of a schedule waits, and its runs are in the states that `wanted` accepts: the last, and all
    /// before it.
    async fn settled(&self, name: &str, (last, others): (&str, &str)) -> Outcome {
        let what = format!("schedule {name} has caught up");
        eventually(CAUGHT_UP, &what, async || {
            let found = self.outcome(name).await?;
            let mut states = found.states();
            let done = states.pop() == Some(last)
                && states.iter().all(|state| *state == others)
                && found.is_over()
                && found.count("waiting") == 0
                && found.count("started") == found.runs.len();
            if done { Ok(found) } else { Err(format!("{:?}, {}", found.states(), found.status)) }
        })
        .await
    }

    /// Lets a gate's workflow go on.
    async fn open(&self, run: &Value) {
        let id = run["workflowID"].as_str().unwrap();
        self.temporal
            .cli(&["workflow", "signal", "--name", "open", "-w", id, "--input", "\"\""])
            .await
            .unwrap();
    }
}

impl Outcome {
    fn states(&self) -> Vec<&str> {
        self.runs.iter().map(|(_, run)| run["workflowState"].as_str().unwrap_or_default()).collect()
    }

    /// Returns whether the schedule has seen its last time.
    fn is_over(&self) -> bool {
        self.status["nextTimes"].as_array().is_none_or(Vec::is_empty)
    }

    fn count(&self, which: &str) -> usize {
        self.status[which].as_u64().unwrap().try_into().unwrap()
    }

    /// The times that were started. No time is started twice.
    fn times(&self) -> BTreeSet<Timestamp> {
        let times: BTreeSet<_> = self.runs.iter().map(|(time, _)| *time).collect();
        assert_eq!(times.len(), self.runs.len(), "{:?}", self.runs);
        times
    }

    /// Checks that the schedule has taken account of all its times: those that were started and these counters.
    fn accounts_for(&self, to: Timestamp, counters: &[&str]) {
        // Nothing is running at the first time, so it is always started.
        let all = seconds_of(self.runs[0].0, to).count();
        let counted = self.runs.len() + counters.iter().map(|which| self.count(which)).sum::<usize>();
        // Temporal can lose the one that it starts just when it is killed.
        assert!(counted == all || counted + 1 == all, "{counted} of {all}: {}", self.status);
        for which in ["missed", "skipped", "dropped"] {
            assert!(self.count(which) == 0 || counters.contains(&which), "{}", self.status);
        }
    }
}

async fn json_of(answer: Response) -> Result<Value, String> {
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    if status.is_success() { Ok(serde_json::from_str(&text).unwrap()) } else { Err(text) }
}

/// Returns the time for which a schedule has made this start.
fn time_of(run: &Value) -> Timestamp {
    let (by, key) = (run["startedBy"].as_str().unwrap(), run["idempotencyKey"].as_str().unwrap());
    let (schedule, time) = key.split_once('@').unwrap();
    assert_eq!(by.split_once('/').unwrap().1, schedule.split_once(':').unwrap().1);
    time.parse().unwrap()
}

/// Returns the times of a schedule from one moment to another.
fn seconds_of(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
    let first = if from.subsec_nanosecond() > 0 { from.as_second() + 1 } else { from.as_second() };
    (first..=to.as_second()).map(|second| Timestamp::from_second(second).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn thirty_times_come_while_temporal_is_away() {
    let began = Timestamp::now();
    let mut scene = Scene::new().await;
    join_all(SCHEDULES.map(|schedule| scene.register(schedule))).await;
    scene.ready().await;
    // Everything takes as much longer as this did.
    let now = Timestamp::now();
    let to = now + AWAY + AROUND + now.duration_since(began) * 4;
    join_all(SCHEDULES.map(|schedule| scene.keep(schedule, to))).await;
    eventually(SOON, "each schedule has started something", async || {
        for (name, ..) in SCHEDULES {
            if scene.outcome(name).await?.runs.is_empty() {
                return Err(name.to_owned());
            }
        }
        Ok(())
    })
    .await;
    scene.temporal.kill().unwrap();
    let from = Timestamp::now();
    let until = from + AWAY;
    assert!(until <= to, "this machine is too slow for this test");
    eventually(SOON, "the outage is over", async || Timestamp::now() > until).await;
    scene.temporal.restart().await.unwrap();
    let away: BTreeSet<_> = seconds_of(from, until).collect();
    assert!(away.len() >= 30, "{away:?}");

    // All times are made up for, one start after the other, or all at once.
    for name in ["all", "beside"] {
        let found = scene.settled(name, ("Completed", "Completed")).await;
        found.accounts_for(to, &[]);
        assert!(found.times().is_superset(&away), "{name}: {:?}", found.times());
    }

    // Those that are not too old.
    let found = scene.settled("late", ("Completed", "Completed")).await;
    found.accounts_for(to, &["missed"]);
    let (old, started) = (away.iter().filter(|time| **time < until - LATEST), found.times());
    assert_eq!(old.clone().find(|time| started.contains(time)), None);
    assert!(found.count("missed") >= old.count(), "{}", found.status);

    // The first of them at most. At the others, its run has not ended.
    let found = scene.settled("skip", ("Completed", "Completed")).await;
    found.accounts_for(to, &["skipped"]);
    assert!(found.times().intersection(&away).count() <= 1, "{:?}", found.times());

    // The last of them at most, which ends the run before. The others are not counted.
    for (name, state) in [("cancel", "Canceled"), ("terminate", "Terminated")] {
        let found = scene.settled(name, ("Running", state)).await;
        assert!(found.times().intersection(&away).count() <= 1, "{name}: {:?}", found.times());
        assert_eq!(found.times().last().unwrap().as_second(), to.as_second());
        assert_eq!((found.count("missed"), found.count("skipped")), (0, 0), "{}", found.status);
    }

    // One start, however long the run lasts.
    let one = eventually(SOON, "one start waits", async || {
        let found = scene.outcome("one").await?;
        let waits = found.is_over() && found.count("waiting") == 1;
        if waits { Ok(found) } else { Err(found.status.to_string()) }
    })
    .await;
    assert_eq!(one.states(), ["Running"]);
    scene.open(&one.runs[0].1).await;
    let one = scene.settled("one", ("Running", "Completed")).await;
    one.accounts_for(to, &["skipped"]);
    scene.open(&one.runs[1].1).await;
    let one = scene.settled("one", ("Completed", "Completed")).await;
    assert_eq!(one.times().len(), 2);
}
