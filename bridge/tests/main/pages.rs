//! The pages, in a real browser, with a real Temporal server, a real worker and a real workflow client.

mod alarms;
mod audit;
mod clients;
mod door;
mod edit;
mod intents;
mod looks;
mod rules;
mod runs;
mod schedules;
mod scriptless;
mod settings;
mod start;

use client_kit::{StartContext, WorkflowStart, clients, workflow_client};
use harness::{Browser, SAMPLE_DIG, TemporalServer, http, sample_intent};
use serde_json::{Value, json};

use crate::api::our_client::OurClient;
use crate::api::verbs::task_queue;
use crate::api::{Api, unique};

/// The page of the intent.
const INTENT: &str = "/ui/intents/proj1/capp1/v1/dig1/dig1-workflow-intent";
/// Any character can be in a workflow ID.
const ODD: &str = "a/b c:1@(x) #é+&'\"|%2F?";

/// Starts the workflow that the intent's parameters name.
#[workflow_client(name = "migrate_workflowclient")]
async fn acting(ctx: StartContext) -> WorkflowStart {
    let kind = &ctx.spec().workflow_params.activity_params["all-activities"]["kind"];
    ctx.start(kind.as_str()).with_input(json!(0))
}

/// A bridge whose pages a browser shows. Its intent starts a workflow on a real worker.
struct Scene {
    api: Api,
    temporal: &'static TemporalServer,
    browser: Browser,
    client: OurClient,
}

impl Scene {
    /// Each start of the intent makes a workflow of this type.
    async fn new(workflow_type: &str) -> Self {
        Self::with(workflow_type, &[]).await
    }

    /// With these flags of the bridge.
    async fn with(workflow_type: &str, flags: &[&str]) -> Self {
        let temporal = TemporalServer::shared().await.unwrap();
        let client = OurClient::of(clients![acting, edit::typed], temporal.address()).await;
        let api = Api::on(temporal.address(), flags).await;
        let scene = Self { api, temporal, browser: Browser::start().await.unwrap(), client };
        scene.put(scene.intent(workflow_type)).await;
        scene
    }

    fn intent(&self, workflow_type: &str) -> Value {
        let mut intent = sample_intent("127.0.0.1", self.client.port, "http://emco");
        let temporal = &mut intent["spec"]["temporal"];
        temporal["workflowStartOptions"]["id"] = json!(format!("{}-{{{{run}}}}", unique("page")));
        temporal["workflowStartOptions"]["taskQueue"] = json!(task_queue(self.temporal));
        temporal["workflowStartOptions"]["retryPolicy"] = Value::Null;
        temporal["workflowParams"]["activityParams"] = json!({"all-activities": {"kind": workflow_type}});
        intent
    }

    /// Keeps an intent under its name.
    async fn put(&self, intent: Value) {
        let name = intent["metadata"]["name"].as_str().unwrap();
        let url = format!("{}{SAMPLE_DIG}/temporal-workflow-intents/{name}", self.api.url());
        let kept = http().put(url).body(intent.to_string()).send().await.unwrap();
        assert!(kept.status().is_success(), "{}", kept.text().await.unwrap());
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.api.url())
    }

    /// Opens a page.
    async fn open(&self, path: &str) {
        self.browser.open(&self.at(path)).await.unwrap();
    }

    /// Opens a page about the intent.
    async fn open_intent(&self, page: &str) {
        self.open(&format!("{INTENT}{page}")).await;
    }

    async fn click(&self, selector: &str) {
        self.browser.click(selector).await.unwrap();
    }

    async fn fill(&self, selector: &str, text: &str) {
        self.browser.replace(selector, text).await.unwrap();
    }

    async fn shows(&self, words: &str) {
        self.browser.shows(words).await;
    }

    async fn text(&self) -> String {
        self.browser.text().await.unwrap()
    }

    /// Starts the intent by its form, under this workflow ID (empty: the intent's), and shows the run.
    async fn start(&self, workflow_id: &str) {
        self.open_intent("/start").await;
        self.fill("#workflow-id", workflow_id).await;
        self.click("button[value=start]").await;
        self.shows("The workflow was started.").await;
    }

    /// Types a text into the document of the form. Keys could complete what is typed.
    async fn type_document(&self, text: &str) {
        let value = serde_json::to_string(text).unwrap();
        let script = format!("document.querySelector('#document').value = {value}");
        self.browser.script(&script).await.unwrap();
    }

    /// Returns the document of the form.
    async fn document(&self) -> Value {
        self.browser.script("return document.querySelector('#document').value").await.unwrap()
    }

    /// Sends the form of the page.
    async fn send(&self) {
        self.click("form.act .actions button").await;
    }

    /// Goes to the page of something that can be done with the run on the page.
    async fn act(&self, verb: &str) {
        self.click(&format!(".actions a[href*='/run/{verb}?']")).await;
    }
}
