//! The whole of it in containers: Temporal, PostgreSQL, EMCO's stand-in, two bridges that share the database,
//! client and worker.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::{Answer, get, post, send};
use harness::{SAMPLE_DIG, SAMPLE_INTENT, eventually, sample_intent};
use reqwest::Method;
use serde_json::Value;
use testcontainers::core::WaitFor;
use testcontainers::{ContainerRequest, GenericImage, ImageExt};

use crate::images::Images;
use crate::network::{Container, Network};

/// Long enough for a migration on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(90);

/// Containers end before their network.
#[derive(Debug)]
pub(crate) struct System {
    pub(crate) bridges: [Container; 2],
    pub(crate) client: Container,
    pub(crate) worker: Container,
    pub(crate) emco: Container,
    pub(crate) temporal: Container,
    _postgresql: Container,
    pub(crate) network: Network,
}

impl System {
    /// Starts everything and does what a test does with it. What fails is told with the output of all containers.
    pub(crate) async fn with(test: impl AsyncFnOnce(&Self) -> Result<()>) -> Result<()> {
        let Some(images) = Images::under_test()? else { return Ok(()) };
        let network = Network::new(images).await?;
        let system = Box::pin(Self::start(network)).await?;
        // Most of what can go wrong panics.
        let done = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(test(&system))).await;
        if !matches!(done, Ok(Ok(()))) {
            system.network.show_logs().await?;
        }
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    async fn start(network: Network) -> Result<Self> {
        let temporal = Container::start(network.container_with_tmpfs("temporal", "temporal")?).await?;
        let request = network.container_with_tmpfs("postgresql", "postgresql")?;
        let ready = WaitFor::message_on_stderr("database system is ready to accept connections");
        let postgresql = Container::start(request.with_ready_conditions(vec![ready])).await?;
        let emco = Container::serving(network.container("emco-stand-in", "emco")?, 9015).await?;
        temporal
            .until("Temporal serves", async || {
                temporal.exec(&["/temporal", "workflow", "list"]).await.map(drop)
            })
            .await?;
        let temporal_host = network.host("temporal");
        let at = |request: ContainerRequest<GenericImage>| {
            // As EMCO's charts name it.
            request.with_env_var("TEMPORAL_SERVER", &temporal_host).with_env_var("TEMPORAL_PORT", "7233")
        };
        let bridge = async |name: &str| {
            let request = at(network.container("bridge", name)?)
                .with_env_var(
                    "BRIDGE_DATABASE",
                    format!("postgres://bridge@{}/postgres", network.host("postgresql")),
                )
                .with_env_var("BRIDGE_EMCO_URL", format!("http://{}:9015", network.host("emco")))
                .with_env_var("BRIDGE_CLIENT_HOSTS", format!("{}:9090,*.invalid", network.host("client")))
                .with_env_var("BRIDGE_INSECURE", "true")
                .with_env_var("BRIDGE_START_TIMEOUT", "5s");
            Container::serving(request, 9095).await
        };
        let request = at(network.container("sample-client", "client")?)
            .with_env_var("CLIENT_INSECURE", "true")
            .with_env_var("CLIENT_START_BUDGET", "4s");
        let system = Self {
            bridges: [bridge("bridge-1").await?, bridge("bridge-2").await?],
            client: Container::serving(request, 9090).await?,
            worker: Container::serving(at(network.container("sample-worker", "worker")?), 9091).await?,
            emco,
            temporal,
            _postgresql: postgresql,
            network,
        };
        system.emco.ready("/v2/projects").await?;
        for ours in system.ours() {
            ours.ready("/readyz").await?;
        }
        eventually(SOON, "EMCO has the sample app ready", async || {
            let dig = system.dig_status().await?;
            ensure!(dig["readyStatus"] == "Ready", "{dig}");
            Ok(())
        })
        .await;
        Ok(system)
    }

    /// The containers of what we ship.
    pub(crate) fn ours(&self) -> [&Container; 4] {
        let [first, second] = &self.bridges;
        [first, second, &self.client, &self.worker]
    }

    /// EMCO's sample intent, with the addresses on this network.
    pub(crate) fn sample_intent(&self) -> Value {
        let emco = format!("http://{}:9015", self.network.host("emco"));
        sample_intent(&self.network.host("client"), 9090, &emco)
    }

    /// What EMCO says of the sample deployment intent group.
    pub(crate) async fn dig_status(&self) -> Result<Value> {
        let answer = get(&format!("{}{SAMPLE_DIG}/status?status=ready", self.emco.url())).await?;
        Ok(answer.expect(200)?.body)
    }

    /// Registers an intent with a bridge.
    pub(crate) async fn register(&self, bridge: &Container, intent: &Value) -> Result<Answer> {
        post(&intents(bridge), intent).await
    }

    /// The run IDs of a workflow, as Temporal has them.
    pub(crate) async fn runs(&self, workflow_id: &str) -> Result<Vec<String>> {
        let query = format!("WorkflowId = '{workflow_id}'");
        let listed =
            self.temporal.exec(&["/temporal", "workflow", "list", "--query", &query, "-o", "json"]).await?;
        let listed: Value = serde_json::from_str(&listed).context("Temporal lists no JSON")?;
        let ids =
            listed.as_array().into_iter().flatten().filter_map(|run| run["execution"]["runId"].as_str());
        Ok(ids.map(str::to_owned).collect())
    }
}

/// The collection of intents in a bridge.
pub(crate) fn intents(bridge: &Container) -> String {
    format!("{}{SAMPLE_DIG}/temporal-workflow-intents", bridge.url())
}

/// The URL of the sample intent in a bridge, with what follows its name.
pub(crate) fn intent(bridge: &Container, rest: &str) -> String {
    format!("{}/{SAMPLE_INTENT}{rest}", intents(bridge))
}

/// Starts the sample intent.
pub(crate) async fn start(bridge: &Container) -> Result<Answer> {
    send(Method::POST, &intent(bridge, "/start"), "").await
}

/// Asks a bridge for the status of the workflow until `done` says so.
pub(crate) async fn status_until(
    bridge: &Container,
    query: &str,
    what: &str,
    done: impl Fn(&Answer) -> bool,
) -> Answer {
    eventually(SOON, what, async || {
        let answer = get(&intent(bridge, &format!("/status?{query}"))).await?;
        ensure!(done(&answer), "{} {}", answer.status, answer.body);
        Ok(answer)
    })
    .await
}

/// Waits for the end of the workflow, which must be a good one, and gives its run ID.
pub(crate) async fn completed(bridge: &Container) -> Result<String> {
    let ended = status_until(bridge, "waitForResult=true&timeout=30s", "the workflow has ended", |answer| {
        answer.status == 200 && answer.text("workflowState") != "Running"
    })
    .await;
    ensure!(ended.text("workflowState") == "Completed", "{}", ended.body);
    Ok(ended.text("runID").to_owned())
}
