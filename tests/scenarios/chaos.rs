//! A thousand starts through a network that breaks, at bridges that die: each happens once, and who asked
//! learns its run.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use harness::{
    PostgreSql, Proxy, RandomCuts, SAMPLE_DIG, SAMPLE_INTENT, Stack, StackOptions, TemporalOptions,
    eventually,
};
use serde_json::Value;

use crate::api::{SOON, post};
use crate::callers::{CALLS, Callers, Run, STARTS};

const KILLS: usize = 5;
/// Draws the cuts, the kills and the order of calls. Every failure says which it was.
const SEED: &str = "CHAOS_SEED";
/// The workflow type of all that is started, and its queue, which nobody polls.
const NOBODY: &str = "chaos";

#[tokio::test]
async fn starts_happen_once_at_a_killed_bridge_on_sqlite() -> Result<()> {
    let mut chaos = Chaos::start(None).await?;
    chaos.kill_and_restart().await
}

#[tokio::test]
async fn starts_happen_once_at_a_killed_bridge_on_postgresql() -> Result<()> {
    let database = PostgreSql::shared().await?.database().await?;
    let mut chaos = Chaos::start(Some(database)).await?;
    chaos.kill_and_restart().await
}

#[tokio::test]
async fn starts_happen_once_at_two_bridges_of_which_one_dies() -> Result<()> {
    let database = PostgreSql::shared().await?.database().await?;
    let mut chaos = Chaos::start(Some(database)).await?;
    chaos.kill_one_of_two().await
}

/// Callers, a network that breaks, the bridge, a network that breaks, the workflow client, Temporal.
#[derive(Debug)]
struct Chaos {
    random: Rng,
    stack: Stack,
    /// Between the callers and each bridge.
    fronts: Vec<Proxy>,
    /// Between the bridges and the workflow client.
    back: Proxy,
}

impl Chaos {
    async fn start(database: Option<String>) -> Result<Self> {
        let seed = match std::env::var(SEED) {
            Ok(seed) => seed.parse().with_context(|| format!("{SEED}={seed}"))?,
            Err(_) => fastrand::u64(..),
        };
        // Shown when the test fails.
        eprintln!("{SEED}={seed}");
        // So long a bridge leaves a start to the one that began it; the one that died began some.
        let mut env = vec![("BRIDGE_START_TIMEOUT".into(), "5s".into())];
        env.extend(database.map(|url| ("BRIDGE_DATABASE".into(), url.into())));
        let temporal = TemporalOptions { in_memory: true, ..TemporalOptions::default() };
        let stack = StackOptions { temporal, env, ..StackOptions::default() }.start().await?;
        let back = Proxy::start(&format!("127.0.0.1:{}", stack.client.port())).await?;
        let mut chaos = Self { random: Rng::with_seed(seed), stack, fronts: Vec::new(), back };
        chaos.register_intent().await?;
        // Connections to the client serve many starts, those of callers one each.
        chaos.back.cut_at_random(RandomCuts { seed: chaos.random.u64(..), one_in: 2, within: 8000 });
        chaos.add_front(chaos.stack.bridge.port()).await?;
        Ok(chaos)
    }

    async fn register_intent(&self) -> Result<()> {
        let mut intent = self.stack.sample_intent();
        intent["spec"]["workflowClient"]["clientEndpointPort"] = self.back.port().into();
        intent["spec"]["temporal"]["workflowClientName"] = "workflowclient".into();
        intent["spec"]["temporal"]["workflowStartOptions"]["taskQueue"] = NOBODY.into();
        post(&self.stack.intents_url(), &intent).await?.expect(201).map(drop)
    }

    async fn add_front(&mut self, bridge: u16) -> Result<()> {
        let front = Proxy::start(&format!("127.0.0.1:{bridge}")).await?;
        front.cut_at_random(RandomCuts { seed: self.random.u64(..), one_in: 4, within: 500 });
        self.fronts.push(front);
        Ok(())
    }

    fn callers(&mut self) -> Callers {
        let path = format!("{SAMPLE_DIG}/temporal-workflow-intents/{SAMPLE_INTENT}/start");
        let urls = self.fronts.iter().map(|front| format!("{}{path}", front.url()));
        Callers::new(urls.collect(), &mut self.random)
    }

    /// One bridge, killed and restarted again and again while it is called.
    async fn kill_and_restart(&mut self) -> Result<()> {
        let callers = self.callers();
        // The calls for what was under way in the last kill come after all others.
        let share = CALLS / (KILLS + 2);
        let kills: Vec<_> = (1..=KILLS).map(|kill| kill * share + self.random.usize(..share / 2)).collect();
        let (bridge, began) = (&mut self.stack.bridge, Instant::now());
        let killing = async {
            for kill in kills {
                callers.answered(kill).await;
                bridge.restart().await?;
            }
            Ok(())
        };
        let (runs, ()) = tokio::try_join!(callers.call(), killing)?;
        self.judge(runs).await?;
        self.report(&callers, began.elapsed());
        Ok(())
    }

    /// Two bridges, of which one dies half-way.
    async fn kill_one_of_two(&mut self) -> Result<()> {
        let mut other = self.stack.another_bridge().await?;
        self.add_front(other.port()).await?;
        let (callers, began) = (self.callers(), Instant::now());
        let killing = async {
            callers.answered(CALLS / 2).await;
            other.process.kill()
        };
        let (runs, ()) = tokio::try_join!(callers.call(), killing)?;
        self.judge(runs).await?;
        self.report(&callers, began.elapsed());
        Ok(())
    }

    /// Exactly one run in Temporal for each start, and all its callers were told that one.
    async fn judge(&mut self, mut runs: Vec<(usize, Run)>) -> Result<()> {
        ensure!(runs.len() == CALLS, "{} of {CALLS} calls were answered", runs.len());
        runs.sort();
        runs.dedup();
        let told: BTreeSet<Run> = runs.iter().map(|(_, run)| run.clone()).collect();
        let twice = runs.windows(2).find(|pair| pair[0].0 == pair[1].0);
        ensure!(twice.is_none(), "one start, two answers: {twice:?}");
        ensure!(told.len() == STARTS, "{} runs for {STARTS} starts", told.len());

        // What is still under way might start another run.
        self.stack.bridge.stop().await?;
        self.stack.client.stop().await?;
        let query = format!("WorkflowType = '{NOBODY}'");
        eventually(SOON, "Temporal has exactly the runs that callers were told", async || {
            let count = self.stack.temporal.cli(&["workflow", "count", "--query", &query]).await?;
            let there = count["count"].as_str().and_then(|count| count.parse().ok());
            ensure!(there == Some(STARTS), "{count}");
            Ok(())
        })
        .await;
        let listed =
            self.stack.temporal.cli(&["workflow", "list", "--query", &query, "--limit", "9999"]).await?;
        let there: BTreeSet<Run> = listed.as_array().into_iter().flatten().map(run).collect();
        ensure!(
            there == told,
            "Temporal has others: {:?}",
            there.symmetric_difference(&told).collect::<Vec<_>>()
        );
        Ok(())
    }

    fn report(&self, callers: &Callers, took: Duration) {
        let cuts: usize = self.fronts.iter().map(Proxy::random_cuts_made).sum();
        let back = self.back.random_cuts_made();
        eprintln!(
            "{CALLS} calls in {took:.1?}; {cuts} cuts before the bridge, {back} behind it; {}",
            callers.repeats()
        );
    }
}

fn run(listed: &Value) -> Run {
    let text = |name: &str| listed["execution"][name].as_str().unwrap_or_default().to_owned();
    Run { workflow_id: text("workflowId"), run_id: text("runId") }
}
