//! The scene of a test: a worker process with its own task queue, an EMCO with the sample app, and a Temporal client.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

use emco_stand_in::{StandIn, samples};
use futures::FutureExt;
use harness::{Process, ProcessBuilder, TemporalServer, free_port};
use serde_json::{Value, json};
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, UntypedWorkflow, Url, WorkflowStartOptions,
};
use temporalio_common::RetryPolicy;
use temporalio_common::data_converters::{PayloadConverter, RawValue};

use crate::run::Run;
use crate::site::{SETTLE, Site, stand_in};

/// What parameters need to know of an EMCO.
pub(crate) trait Emco {
    fn url(&self) -> &str;
}

impl Emco for StandIn {
    fn url(&self) -> &str {
        self.url()
    }
}

/// The scene of one test, with its own stand-in, or with a [`Site`].
pub(crate) struct Scene<E = StandIn> {
    pub(crate) emco: E,
    pub(crate) worker: Process,
    pub(crate) operations: String,
    client: Client,
    pub(crate) queue: String,
}

impl Scene {
    /// Starts the scene of the test with this name, with the shared Temporal server.
    pub(crate) async fn new(test: &str) -> Self {
        Self::on(TemporalServer::shared().await.unwrap(), test, &[]).await
    }

    /// Starts a scene with another Temporal server and more variables for the worker.
    pub(crate) async fn on(temporal: &TemporalServer, test: &str, variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self::set(temporal, test, variables.collect(), stand_in().await).await
    }

    /// Returns the clusters in which the sample app has objects, after EMCO has settled.
    pub(crate) fn app_runs_on(&self) -> Vec<String> {
        self.emco.advance(SETTLE);
        self.emco.applied(&samples::dig())["collectd"].iter().map(ToString::to_string).collect()
    }

    /// Returns the clusters in which the sample app is ready.
    pub(crate) fn app_serves_on(&self) -> Vec<String> {
        self.emco.advance(SETTLE);
        self.emco.placement(&samples::dig())["collectd"].iter().map(ToString::to_string).collect()
    }
}

/// Runs a scenario with any EMCO, and restores everything afterwards.
pub(crate) async fn anywhere(test: &str, play: impl AsyncFnOnce(&Scene<Site>)) {
    let temporal = TemporalServer::shared().await.unwrap();
    let site = Site::find().await;
    let variables = site.worker_variables();
    let scene = Scene::set(temporal, test, variables, site).await;
    let played = AssertUnwindSafe(play(&scene)).catch_unwind().await;
    scene.emco.leave().await;
    if let Err(panic) = played {
        resume_unwind(panic);
    }
}

impl Scene<Site> {
    /// Returns parameters for this EMCO, its deployment intent group and its clusters.
    pub(crate) fn params(&self, changes: &[(&str, &str)]) -> Value {
        let (mut params, site) = (self.sample_params(), &self.emco);
        let all = &mut params["activityParams"]["all-activities"];
        for (name, value) in [
            ("project", &site.dig.project),
            ("compositeApp", &site.dig.composite_app),
            ("compositeAppVersion", &site.dig.version),
            ("deploymentIntentGroup", &site.dig.dig),
            ("targetClusterProvider", &site.target.provider),
            ("targetClusterName", &site.target.cluster),
        ] {
            all[name] = json!(value);
        }
        for (name, url) in [("emcoClmEndpoint", &site.clm), ("emcoDcmEndpoint", &site.dcm)] {
            url.iter().for_each(|url| all[name] = json!(url));
        }
        changes.iter().for_each(|(name, value)| all[*name] = json!(value));
        params
    }
}

impl<E: Emco> Scene<E> {
    async fn set(temporal: &TemporalServer, test: &str, variables: Vec<(String, String)>, emco: E) -> Self {
        let queue = format!("{test}-{}", std::process::id());
        let (worker, operations) = worker(temporal.address());
        let worker = worker.env("WORKER_TASK_QUEUE", &queue);
        let worker = variables.iter().fold(worker, |worker, (name, value)| worker.env(name, value));
        let mut worker = worker.spawn().unwrap();
        let client = client(&temporal.url()).await;
        worker.wait_ready(&format!("{operations}/readyz")).await.unwrap();
        Self { emco, worker, operations, client, queue }
    }

    /// Returns the `workflowParams` of EMCO's own sample intent (document 04), for this EMCO.
    pub(crate) fn sample_params(&self) -> Value {
        json!({
            "activityOptions": {"all-activities": {
                "TaskQueue": "",
                "ScheduleToCloseTimeout": 0,
                "ScheduleToStartTimeout": 0,
                "StartToCloseTimeout": 60_000_000_000_u64,
                "HeartbeatTimeout": 5_000_000,
                "WaitForCancellation": false,
                "ActivityID": "",
                "RetryPolicy": {
                    "InitialInterval": 10,
                    "BackoffCoefficient": 0,
                    "MaximumInterval": 0,
                    "MaximumAttempts": 0,
                    "NonRetryableErrorTypes": null,
                },
            }},
            "activityParams": {"all-activities": {
                "emcoURL": self.emco.url(),
                "project": "proj1",
                "compositeApp": "capp1",
                "compositeAppVersion": "v1",
                "deploymentIntentGroup": "dig1",
                "targetClusterProvider": "provider2",
                "targetClusterName": "cluster2",
            }},
        })
    }

    /// Starts a migration with one JSON argument.
    pub(crate) async fn start(&self, params: &Value) -> Run {
        self.start_with(RawValue::from_value(params, &PayloadConverter::default())).await
    }

    /// Starts a migration with any input. The workflow is retried once, as in EMCO's sample intent.
    pub(crate) async fn start_with(&self, input: RawValue) -> Run {
        self.start_workflow("EmcoMigrateWorkflow", input).await
    }

    /// Starts a relocation of the sample app.
    pub(crate) async fn relocate(&self, params: &Value) -> Run {
        let mut params = params.clone();
        let app = &mut params["activityParams"]["all-activities"]["app"];
        if app.is_null() {
            *app = json!("collectd");
        }
        self.start_workflow(
            "EmcoRelocateWorkflow",
            RawValue::from_value(&params, &PayloadConverter::default()),
        )
        .await
    }

    /// Starts any workflow of the worker, without retries.
    pub(crate) async fn start_once(&self, workflow_type: &str, params: &Value) -> Run {
        let input = RawValue::from_value(params, &PayloadConverter::default());
        self.start_attempts(workflow_type, input, 1).await
    }

    async fn start_workflow(&self, workflow_type: &str, input: RawValue) -> Run {
        self.start_attempts(workflow_type, input, 2).await
    }

    async fn start_attempts(&self, workflow_type: &str, input: RawValue, attempts: u32) -> Run {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let id = format!("{}-{}", self.queue, STARTED.fetch_add(1, Ordering::Relaxed));
        self.start_as(id, &self.queue, workflow_type, input, attempts).await
    }

    /// Starts a workflow with this ID on this task queue.
    pub(crate) async fn start_as(
        &self,
        id: String,
        queue: &str,
        workflow_type: &str,
        input: RawValue,
        attempts: u32,
    ) -> Run {
        let retry = RetryPolicy::builder().maximum_attempts(attempts).build();
        let options = WorkflowStartOptions::new(queue, id).retry_policy(retry).build();
        let workflow = UntypedWorkflow::new(workflow_type);
        Run::new(self.client.start_workflow(workflow, input, options).await.unwrap())
    }
}

/// The worker process, and its address for operations.
pub(crate) fn worker(temporal: &str) -> (ProcessBuilder, String) {
    let listen = format!("127.0.0.1:{}", free_port());
    let worker = Process::builder(env!("CARGO_BIN_EXE_sample-worker"))
        .env("TEMPORAL_ADDRESS", temporal)
        .env("WORKER_OPERATIONS_LISTEN", &listen)
        // The identity is in histories, some of which are recorded.
        .env("HOSTNAME", "worker");
    (worker, format!("http://{listen}"))
}

async fn client(url: &str) -> Client {
    let options = ConnectionOptions::new(Url::parse(url).unwrap()).identity("test").build();
    let connection = Connection::connect(options).await.unwrap();
    Client::new(connection, ClientOptions::new("default").build()).unwrap()
}
