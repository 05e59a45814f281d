//! Monitors: one workflow for each rule, which calls the bridge until the rule does not exist.

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use bridge_core::model::{RuleKey, RunSeen};
use bridge_core::ports::{StoreError, Watch};
use bridge_temporal::{TemporalWatch, Turns};
use futures::FutureExt;
use futures::future::BoxFuture;
use harness::{TemporalServer, eventually};
use jiff::{SignedDuration, Timestamp};
use service::shutdown::Shutdown;
use tokio::task::JoinHandle;
use workflow_api::{WorkflowId, WorkflowState};

use super::super::histories::replays;
use super::super::{SOON, target};

/// What a turn does.
#[derive(Clone, Copy)]
enum Does {
    /// It returns this pause.
    Waits(Duration),
    Fails,
    /// It does not end.
    Hangs,
    /// There is no such rule any more.
    Ends,
}

/// Turns that all do the same.
struct Script {
    does: Mutex<Does>,
    turns: AtomicUsize,
    any: AtomicBool,
    rules: Mutex<Vec<RuleKey>>,
}

impl Script {
    fn new(does: Does) -> Arc<Self> {
        let (turns, any) = (AtomicUsize::new(0), AtomicBool::new(true));
        Arc::new(Self { does: Mutex::new(does), turns, any, rules: Mutex::default() })
    }

    fn does(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    fn turns(&self) -> usize {
        self.turns.load(Ordering::SeqCst)
    }

    /// Waits until there were this many turns more.
    async fn goes_on(&self, turns: usize) {
        let before = self.turns();
        eventually(3 * SOON, "the rule has its turns", async || self.turns() >= before + turns).await;
    }
}

impl Turns for Script {
    fn turn<'a>(
        &'a self,
        rule: &'a RuleKey,
    ) -> BoxFuture<'a, Result<Option<Duration>, Box<dyn Error + Send + Sync>>> {
        async move {
            self.turns.fetch_add(1, Ordering::SeqCst);
            self.rules.lock().unwrap().push(rule.clone());
            let does = *self.does.lock().unwrap();
            match does {
                Does::Waits(pause) => Ok(Some(pause)),
                Does::Fails => Err("the database is away".into()),
                Does::Hangs => std::future::pending().await,
                Does::Ends => Ok(None),
            }
        }
        .boxed()
    }

    fn any(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        let any = self.any.load(Ordering::SeqCst);
        async move { Ok(any) }.boxed()
    }
}

/// A worker. Its thread must end before the test's runtime can.
struct Kept(Shutdown, Option<JoinHandle<()>>);

impl Kept {
    fn new(watch: &TemporalWatch, script: &Arc<Script>) -> Self {
        let shutdown = Shutdown::new(SOON);
        let turns: Arc<dyn Turns> = Arc::<Script>::clone(script);
        let kept = tokio::spawn(watch.clone().keep(turns, shutdown.clone()));
        Self(shutdown, Some(kept))
    }

    /// Ends it as a process does. The SDK allows one worker of a task queue at a time for each connection.
    async fn end(mut self) -> Result<()> {
        self.0.drain();
        Ok(self.1.take().context("it was not ended before")?.await?)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.stop();
    }
}

struct Scene {
    server: &'static TemporalServer,
    installation: String,
    watch: TemporalWatch,
    rule: RuleKey,
    workflow_id: WorkflowId,
}

impl Scene {
    async fn new() -> Result<Self> {
        let server = TemporalServer::shared().await?;
        let (installation, watch) = super::watch(server.address())?;
        let rule = RuleKey { project: Some("proj".to_owned()), name: "restart-failed".to_owned() };
        let workflow_id = format!("emco-bridge-{installation}/rule/proj/restart-failed").into();
        Ok(Self { server, installation, watch, rule, workflow_id })
    }

    /// Returns the newest run of the monitor.
    async fn newest(&self) -> Result<RunSeen> {
        let run = bridge_core::model::WorkflowRun {
            target: target(self.server.address()),
            workflow_id: self.workflow_id.clone(),
            run_id: Default::default(),
        };
        Ok(self.watch.look(&run).await?.context("there is a monitor")?.0)
    }

    /// Returns all runs of the monitor.
    async fn runs(&self) -> Result<Vec<RunSeen>> {
        let since = Timestamp::now() - SignedDuration::from_secs(600);
        Ok(self.watch.list(std::slice::from_ref(&self.workflow_id), since).await?)
    }

    async fn ended(&self, state: WorkflowState) {
        eventually(3 * SOON, "the monitor ends", async || match self.newest().await {
            Ok(run) if run.state == Some(state) => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }
}

const OFTEN: Does = Does::Waits(Duration::from_millis(10));

#[tokio::test]
async fn a_rule_has_one_monitor_which_ends_with_it() -> Result<()> {
    let (scene, script) = (Scene::new().await?, Script::new(OFTEN));
    let _kept = Kept::new(&scene.watch, &script);
    scene.watch.monitor(&scene.rule).await?;
    let first = scene.newest().await?;
    script.goes_on(1).await;
    scene.watch.monitor(&scene.rule).await?;
    assert_eq!(scene.newest().await?.run_id, first.run_id);
    script.goes_on(2).await;
    assert!(script.rules.lock().unwrap().iter().all(|rule| *rule == scene.rule));

    script.does(Does::Ends);
    scene.ended(WorkflowState::Completed).await;
    assert_eq!(scene.newest().await?.run_id, first.run_id);
    replays(scene.server, scene.workflow_id.as_str(), None, "monitor-ended").await;

    // A rule of the same name.
    script.does(OFTEN);
    scene.watch.monitor(&scene.rule).await?;
    assert_ne!(scene.newest().await?.run_id, first.run_id);
    script.goes_on(2).await;
    Ok(())
}

#[tokio::test]
async fn a_turn_that_was_broken_off_or_failed_is_repeated() -> Result<()> {
    let (scene, script) = (Scene::new().await?, Script::new(Does::Hangs));
    let kept = Kept::new(&scene.watch, &script);
    scene.watch.monitor(&scene.rule).await?;
    let first = scene.newest().await?;
    script.goes_on(1).await;
    kept.end().await?;

    script.does(Does::Fails);
    let kept = Kept::new(&scene.watch, &script);
    script.goes_on(2).await;
    script.does(OFTEN);
    script.goes_on(2).await;
    kept.end().await?;

    // Even if no rule is left, the monitor learns of it.
    script.any.store(false, Ordering::SeqCst);
    script.does(Does::Ends);
    let _kept = Kept::new(&scene.watch, &script);
    scene.ended(WorkflowState::Completed).await;
    assert_eq!(scene.newest().await?.run_id, first.run_id);
    replays(scene.server, scene.workflow_id.as_str(), None, "monitor-repeated").await;
    Ok(())
}

#[tokio::test]
async fn a_monitor_continues_as_new_after_its_turns() -> Result<()> {
    let (scene, script) = (Scene::new().await?, Script::new(OFTEN));
    let _kept = Kept::new(&scene.watch, &script);
    let task_queue = format!("emco-bridge-{}-rules", scene.installation);
    let args = ["workflow", "start", "--type", "EmcoBridgeMonitor", "--task-queue", &task_queue];
    let input = r#"{"rule": "proj/restart-failed", "turns": 2}"#;
    let input = ["--input", input, "--workflow-id", scene.workflow_id.as_str()];
    let started = scene.server.cli(&[&args[..], &input].concat()).await?;
    let first = started["runId"].as_str().context("a start answers the run ID")?;
    script.goes_on(5).await;
    scene.watch.monitor(&scene.rule).await?;
    script.does(Does::Ends);
    scene.ended(WorkflowState::Completed).await;
    let runs = eventually(SOON, "the runs are listed", async || {
        let runs = scene.runs().await.map_err(|error| format!("{error:#}"))?;
        if runs.iter().any(RunSeen::is_open) { Err(format!("{runs:?}")) } else { Ok(runs) }
    })
    .await;
    assert!(runs.len() >= 3, "{runs:?}");
    let (last, before) = runs.split_last().context("there are runs")?;
    assert_eq!((before[0].run_id.as_str(), last.state), (first, Some(WorkflowState::Completed)));
    assert!(before.iter().all(|run| run.state == Some(WorkflowState::ContinuedAsNew)), "{runs:?}");
    replays(scene.server, scene.workflow_id.as_str(), Some(first), "monitor-continued").await;
    Ok(())
}

#[tokio::test]
async fn a_monitor_can_be_cancelled() -> Result<()> {
    let scene = Scene::new().await?;
    for does in [Does::Waits(Duration::from_secs(3600)), Does::Hangs] {
        let script = Script::new(does);
        let kept = Kept::new(&scene.watch, &script);
        scene.watch.monitor(&scene.rule).await?;
        script.goes_on(1).await;
        scene.server.cli(&["workflow", "cancel", "-w", scene.workflow_id.as_str()]).await?;
        scene.ended(WorkflowState::Canceled).await;
        kept.end().await?;
    }
    Ok(())
}
