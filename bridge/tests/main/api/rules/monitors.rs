//! The monitors in Temporal: each rule is looked at by itself.

use std::future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use bridge_core::model::{RunDetail, RunSeen, WorkflowRun};
use bridge_core::ports::{EngineError, PastLook, QueueLook, Watch};
use bridge_core::{Actor, Request};
use jiff::Timestamp;
use workflow_api::{TaskQueue, WorkflowId};

use super::*;

/// A view of runs that counts its lists.
#[derive(Debug)]
struct Counting {
    watch: Arc<dyn Watch>,
    /// Lists that are open now, and the most that were.
    open: AtomicUsize,
    most: AtomicUsize,
    /// Whether the next list never ends.
    hangs: AtomicBool,
}

impl Counting {
    /// Returns the view of a scene, and use cases that have it.
    fn of(scene: &Scene, hangs: bool) -> (Arc<Self>, App) {
        let watch = Arc::clone(scene.api.parts.watch.as_ref().unwrap());
        let (open, most, hangs) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(hangs));
        let counting = Arc::new(Self { watch, open, most, hangs });
        let mut parts = scene.api.parts.clone();
        parts.watch = Some(Arc::clone(&counting) as Arc<dyn Watch>);
        (counting, App::new(&parts))
    }
}

#[async_trait]
impl Watch for Counting {
    async fn list(&self, workflows: &[WorkflowId], since: Timestamp) -> Result<Vec<RunSeen>, EngineError> {
        self.most.fetch_max(self.open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        if self.hangs.swap(false, Ordering::SeqCst) {
            future::pending::<()>().await;
        }
        let runs = self.watch.list(workflows, since).await;
        self.open.fetch_sub(1, Ordering::SeqCst);
        runs
    }

    async fn look(&self, run: &WorkflowRun) -> Result<Option<(RunSeen, RunDetail)>, EngineError> {
        self.watch.look(run).await
    }

    async fn queue(&self, queue: &TaskQueue) -> Result<QueueLook, EngineError> {
        self.watch.queue(queue).await
    }

    async fn past(&self, run: &WorkflowRun, limit: u32) -> Result<Vec<PastLook>, EngineError> {
        self.watch.past(run, limit).await
    }

    async fn monitor(&self, rule: &RuleKey) -> Result<(), EngineError> {
        self.watch.monitor(rule).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_rule_acts_by_itself_until_it_is_deleted() {
    let scene = Scene::new("Gate").await;
    let spec = json!({"when": {"state": ["Running"]}, "every": "10s", "then": alarm("workflowLate")});
    scene.rule("by-itself", spec).await;
    scene.start(json!({})).await;
    let raised =
        eventually(SOON, "there is an alarm", async || scene.alarms("workflowLate").await.pop()).await;
    assert_eq!(raised["perceivedSeverity"], "MINOR");
    let url = format!("{}/v2/projects/{PROJECT}/workflow-rules/by-itself", scene.api.url());
    assert_eq!(harness::http().delete(url).send().await.unwrap().status(), 204);
    eventually(SOON, "the alarm is cleared", async || {
        (scene.alarms("workflowLate").await[0]["perceivedSeverity"] == "CLEARED").then_some(())
    })
    .await;
    let installation = scene.api.parts.store.installation().await.unwrap();
    let monitor = format!("emco-bridge-{installation}/rule/{PROJECT}/by-itself");
    eventually(SOON, "the monitor has ended", async || {
        let described = scene.temporal.cli(&["workflow", "describe", "-w", &monitor]).await.unwrap();
        let status = &described["workflowExecutionInfo"]["status"];
        (status == "WORKFLOW_EXECUTION_STATUS_COMPLETED").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_time_of_a_look_is_a_part_of_the_interval() {
    let scene = Scene::new("Gate").await;
    let spec = json!({"when": {"state": ["Running"]}, "every": "10s", "then": alarm("workflowLate")});
    scene.rule("regular", spec).await;
    let next = scene.app.rules.turn(&RuleKey::of(PROJECT, "regular")).await.unwrap().unwrap();
    assert!(next < Duration::from_secs(10), "{next:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn turns_list_one_after_the_other() {
    let scene = Scene::new("Gate").await;
    let rules: Vec<_> = (0..8).map(|number| format!("rule-{number}")).collect();
    for rule in &rules {
        scene.rule(rule, json!({"when": {"state": ["Failed"]}, "then": alarm("workflowFailed")})).await;
    }
    scene.start(json!({})).await;
    let (counting, app) = Counting::of(&scene, false);
    let keys: Vec<_> = rules.iter().map(|rule| RuleKey::of(PROJECT, rule)).collect();
    for turn in futures::future::join_all(keys.iter().map(|key| app.rules.turn(key))).await {
        turn.unwrap();
    }
    assert_eq!(counting.most.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_rehearsal_does_not_wait_for_turns() {
    let scene = Scene::new("Gate").await;
    let spec = json!({"when": {"state": ["Running"]}, "then": alarm("workflowLate")});
    scene.rule("late", spec).await;
    scene.start(json!({})).await;
    let (counting, app) = Counting::of(&scene, true);
    let key = RuleKey::of(PROJECT, "late");
    let request = Request {
        actor: Actor::default(),
        correlation: Default::default(),
        source: Default::default(),
        now: Timestamp::now(),
    };
    let rehearsal = async {
        eventually(SOON, "a turn hangs", async || (counting.open.load(Ordering::SeqCst) == 1).then_some(()))
            .await;
        app.rules.rehearse(&request, &key, None).await
    };
    tokio::select! {
        turn = app.rules.turn(&key) => panic!("{turn:?}"),
        rehearsal = rehearsal => assert_eq!(rehearsal.unwrap().looked_at, 1),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn without_a_worker_of_its_own_the_bridge_has_no_rules() {
    let scene = Scene::with("Echo", &["--escalation", "off"]).await;
    let spec = json!({"when": {"state": ["Failed"]}, "then": alarm("workflowFailed")});
    let refused = scene.put("failed", &spec).await;
    assert_eq!(refused.status(), 501);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "rules_off");
    assert!(problem["detail"].as_str().unwrap().contains("BRIDGE_ESCALATION"), "{problem}");
}
