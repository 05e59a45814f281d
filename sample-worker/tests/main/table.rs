//! The fault table: each call to EMCO with each kind of failure. In every case the app is on exactly one side at the
//! end, its intent agrees, and the workflow's report is true, also after a restart of rsync. EMCO's rsync forgets every
//! removal that it can.

mod rows;

use std::fmt::Write as _;
use std::time::Duration;

use emco::{AppIntent, Clause, ClusterRef, DigKey};
use emco_stand_in::{Effect, StandIn, render, samples};
use futures::{StreamExt, stream};
use harness::eventually;
use serde_json::{Value, json};
use temporalio_client::errors::WorkflowGetResultError;

use self::rows::Call::*;
use self::rows::End::*;
use self::rows::{CALLS, Call, Deed, MIGRATE, RELOCATE, Row, rows};
use crate::run::{Run, SOON};
use crate::scene::Scene;

const SETTLE: Duration = Duration::from_millis(200);
/// How many rows run at the same time.
const AT_ONCE: usize = 24;

/// One row's resources, workflow and result.
struct Play<'a> {
    scene: &'a Scene,
    row: Row,
    name: String,
    before: AppIntent,
}

impl<'a> Play<'a> {
    async fn prepare(scene: &'a Scene, index: usize, row: Row) -> Self {
        let name = format!("r{index:03}");
        let values = samples::VALUES
            .replace("ClusterProvider1: provider1", &format!("ClusterProvider1: {name}-a"))
            .replace("ClusterProvider2: provider2", &format!("ClusterProvider2: {name}-b"))
            .replace("ProjectName: proj1", &format!("ProjectName: {name}"));
        let documents = render(&samples::FILES.join("\n---\n"), &values).unwrap();
        let documents = documents.replace("name: rsync", &format!("name: rsync-{name}"));
        scene.emco.load(&documents).await.unwrap();
        let dig = DigKey::new(&name, "capp1", "v1", "dig1");
        let start = ClusterRef::new(format!("{name}-a"), "cluster1");
        settled(&scene.emco, &dig, &start, false).await;
        let before = intent(&scene.emco, &dig);
        if let Some((call, effect, after, times)) = &row.fault {
            scene.emco.fail(call.fault(&name, effect.clone()).after(*after).times(*times));
        }
        if row.deed == Deed::Hold {
            scene.emco.hold(&ClusterRef::new(format!("{name}-b"), "cluster2"), None, None);
        }
        Self { scene, row, name, before }
    }

    async fn start(&self) -> Run {
        let mut all = json!({
            "emcoURL": self.scene.emco.url(), "project": self.name, "compositeApp": "capp1",
            "compositeAppVersion": "v1", "deploymentIntentGroup": "dig1", "readyTimeout": "20s",
            "updateGrace": "500ms",
            "targetClusterProvider": format!("{}-b", self.name), "targetClusterName": "cluster2",
        });
        if self.row.workflow == RELOCATE {
            all["app"] = json!("collectd");
        }
        if self.row.deed == Deed::Hold || self.row.end == Stranded {
            all["readyTimeout"] = json!("2s");
        }
        if matches!(self.row.deed, Deed::Kill(_)) {
            // The worker is away until all rows have made their call.
            all["readyTimeout"] = json!("90s");
        }
        // A killed worker is noticed by its heartbeats, and a silent EMCO by the timeout of an attempt.
        let attempt = if matches!(self.row.deed, Deed::Kill(_) | Deed::Cancel(_)) { "60s" } else { "4s" };
        let params = json!({
            "activityOptions": {"all-activities": {
                "StartToCloseTimeout": attempt, "HeartbeatTimeout": "5s",
                "RetryPolicy": {"InitialInterval": "10ms", "BackoffCoefficient": 1, "MaximumAttempts": 4},
            }},
            "activityParams": {"all-activities": all},
        });
        self.scene.start_once(self.row.workflow, &params).await
    }

    async fn play(&self) -> Result<ClusterRef, String> {
        let run = self.start().await;
        if let Deed::Cancel(call) = self.row.deed {
            self.called(call).await;
            run.cancel().await;
        }
        self.judge(&run).await
    }

    async fn called(&self, call: Call) {
        let (method, part) = call.path(&self.name);
        let before = self.row.fault.as_ref().map_or(0, |(_, _, after, _)| *after);
        let what = format!("{method} {part} was asked");
        // Many rows run at the same time, on a machine that may be busy.
        eventually(2 * SOON, &what, async || self.scene.emco.requests_at(method, &part) > before).await;
    }

    /// Checks the end of the workflow, the app's place and its intent. Returns the place.
    async fn judge(&self, run: &Run) -> Result<ClusterRef, String> {
        let dig = DigKey::new(&self.name, "capp1", "v1", "dig1");
        let (source, target) = (
            ClusterRef::new(format!("{}-a", self.name), "cluster1"),
            ClusterRef::new(format!("{}-b", self.name), "cluster2"),
        );
        let (end, report) = match run.end().await {
            Ok(raw) => {
                let result: Value = serde_json::from_slice(&raw.payloads[0].data).unwrap();
                let told = result["ReadyOn"] == json!({"collectd": [target.to_string()]});
                (Moved, if told { String::new() } else { format!("says {result}") })
            }
            Err(WorkflowGetResultError::Cancelled { .. }) => (Back, String::new()),
            Err(WorkflowGetResultError::Failed(error)) => {
                let text = error.failure().message.clone();
                (if text.contains("could not be undone") { Stranded } else { Back }, text)
            }
            Err(other) => return Err(format!("ended oddly: {other}")),
        };
        if end != self.row.end || (end == Moved && !report.is_empty()) {
            return Err(format!("ended {end:?}: {report}"));
        }
        self.scene.emco.release(&target);
        let place = if end == Back { &source } else { &target };
        settled(&self.scene.emco, &dig, place, end == Stranded).await;
        let intent = intent(&self.scene.emco, &dig);
        let faithful = match end {
            Back => intent == self.before,
            Moved => {
                intent.metadata == self.before.metadata
                    && intent.spec.intent.all_of == [Clause::cluster(&target.provider, &target.cluster)]
            }
            // It could not find out whether the intents were restored.
            Stranded => true,
        };
        match faithful {
            true => Ok(place.clone()),
            false => Err(format!("ended {end:?}, and the intent says {intent:?}")),
        }
    }
}

/// Returns what is stored, also if the row's fault lasts.
fn intent(emco: &StandIn, dig: &DigKey) -> AppIntent {
    let document = emco.document(&format!(
        "projects/{}/composite-apps/capp1/v1/deployment-intent-groups/dig1/generic-placement-intents\
         /dig1-placement-intent/app-intents/collectd-placement-intent",
        dig.project
    ));
    serde_json::from_value(document.unwrap()).unwrap()
}

/// Waits until the app runs there, and has no objects elsewhere unless that is allowed.
async fn settled(emco: &StandIn, dig: &DigKey, on: &ClusterRef, elsewhere_too: bool) {
    let what = format!("the app of {dig} is on {on} alone");
    eventually(SOON, &what, async || {
        let (serves, applied) = (emco.placement(dig), emco.applied(dig));
        let is_there =
            serves["collectd"].contains(on) && (elsewhere_too || applied["collectd"] == [on.clone()]);
        if is_there { Ok(()) } else { Err(format!("serves on {serves:?}, has objects on {applied:?}")) }
    })
    .await;
}

/// Restarts rsync and waits until it has made all forgotten removals. Each app must still run in its place.
async fn after_a_restart(emco: &StandIn, places: &[(String, ClusterRef)]) {
    emco.heal();
    emco.restart_rsync();
    emco.advance(4 * SETTLE);
    for (name, place) in places {
        let dig = DigKey::new(name, "capp1", "v1", "dig1");
        settled(emco, &dig, place, true).await;
    }
}

fn report(failures: Vec<(Row, String)>) {
    let mut text = String::new();
    for (row, why) in &failures {
        writeln!(text, "{row:?}\n    {why}").unwrap();
    }
    assert!(failures.is_empty(), "{} rows:\n{text}", failures.len());
}

#[tokio::test]
async fn after_each_fault_the_app_is_on_one_side() {
    let scene = Scene::new("table").await;
    scene.emco.set_settle_time(SETTLE);
    scene.emco.forget_removals(usize::MAX);
    let rows = rows();
    // Rows may be added, but not removed.
    assert!(rows.len() >= 257, "{}", rows.len());
    let played: Vec<_> = stream::iter(rows.into_iter().enumerate())
        .map(async |(index, row)| {
            let play = Play::prepare(&scene, index, row).await;
            let place = play.play().await;
            (play.row, play.name, place)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let (mut places, mut failures) = (Vec::new(), Vec::new());
    for (row, name, place) in played {
        match place {
            Ok(place) => places.push((name, place)),
            Err(why) => failures.push((row, why)),
        }
    }
    report(failures);
    after_a_restart(&scene.emco, &places).await;
}

#[tokio::test]
async fn a_worker_killed_at_any_call_loses_no_app() {
    let mut scene = Scene::new("kills").await;
    scene.emco.set_settle_time(SETTLE);
    scene.emco.forget_removals(usize::MAX);
    let mut rows = Vec::new();
    for workflow in [MIGRATE, RELOCATE] {
        let calls = CALLS.into_iter().filter(|call| workflow == MIGRATE || *call != ListApps);
        for call in calls.chain([Rollback]) {
            // One of the status calls of the wait; both write and update twice.
            let last = match call {
                Status => 5,
                PutAppIntent | Update => 1,
                _ => 0,
            };
            for (effect, after) in
                [(Effect::Silence, 0), (Effect::Swallow, 0), (Effect::Silence, last), (Effect::Swallow, last)]
            {
                let fault = Some((call, effect, after, 1));
                rows.push(Row { workflow, fault, deed: Deed::Kill(call), end: Moved });
            }
        }
    }
    let started: Vec<Run> = stream::iter(rows.iter().cloned().enumerate())
        .map(async |(index, row)| {
            let (Deed::Kill(call), play) = (row.deed, Play::prepare(&scene, index, row).await) else {
                unreachable!()
            };
            let run = play.start().await;
            play.called(call).await;
            run
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    scene.worker.restart().unwrap();
    let (mut places, mut failures) = (Vec::new(), Vec::new());
    for (index, (row, run)) in rows.into_iter().zip(started).enumerate() {
        let name = format!("r{index:03}");
        // After a move only the metadata must be unchanged, and no row changes them.
        let before = intent(&scene.emco, &DigKey::new(&name, "capp1", "v1", "dig1"));
        let play = Play { scene: &scene, row, name, before };
        match play.judge(&run).await {
            Ok(place) => places.push((play.name, place)),
            Err(why) => failures.push((play.row, why)),
        }
    }
    report(failures);
    after_a_restart(&scene.emco, &places).await;
}
