//! A bridge whose credentials for Temporal are replaced while it works.

use harness::{
    Guard, SAMPLE_DIG, SAMPLE_INTENT, TemporalServer, eventually, free_port, http, sample_intent, under_load,
};
use serde_json::{Value, json};

use super::serving;
use crate::api::SOON;
use crate::api::verbs::{events, new_task_queue, start};

/// A bridge, and its Temporal with a worker.
struct Scene {
    url: String,
    temporal: TemporalServer,
    queue: String,
}

impl Scene {
    async fn post(&self, below: &str, body: &Value) {
        let url = format!("{}{SAMPLE_DIG}/temporal-workflow-intents{below}", self.url);
        let answer = http().post(url).body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Starts and cancels a workflow that is to be terminated after this time. Returns its IDs.
    async fn stubborn(&self, after: &str) -> (String, String) {
        let (workflow, run) = start(&self.temporal, "Stubborn", &self.queue).await;
        let target = format!("workflowID={workflow}&runID={run}&escalateAfter={after}");
        self.post(&format!("/{SAMPLE_INTENT}/cancel?{target}"), &json!({})).await;
        (workflow, run)
    }

    /// Waits until each of the bridge's workers has done something new.
    async fn works(&self, rule: &str) {
        let (workflow, run) = self.stubborn("500ms").await;
        eventually(SOON, "the workflow is terminated", async || {
            !events(&self.temporal, &workflow, &run, "WORKFLOW_EXECUTION_TERMINATED").await.is_empty()
        })
        .await;
        let url = format!("{}/v2/projects/proj1/workflow-rules/{rule}", self.url);
        let then = json!([{"alarm": {"probableCause": "workflowFailed"}}]);
        let spec = json!({"when": {"state": ["Failed"]}, "then": then});
        let body = json!({"metadata": {"name": rule}, "spec": spec}).to_string();
        let answer = http().put(url).body(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        eventually(SOON, "the rule has looked", async || {
            let listed = self.temporal.cli(&["workflow", "list"]).await.unwrap();
            let ids =
                listed.as_array().unwrap().iter().filter_map(|one| one["execution"]["workflowId"].as_str());
            let monitor = ids.into_iter().find(|id| id.ends_with(&format!("/rule/proj1/{rule}")))?;
            events(&self.temporal, monitor, "", "ACTIVITY_TASK_COMPLETED").await.pop()
        })
        .await;
    }
}

#[tokio::test]
async fn it_takes_each_new_credential_for_temporal_and_no_request_fails() {
    // On the server of all tests, another bridge could do its work.
    let temporal = TemporalServer::start().await.unwrap();
    let mut guard = Guard::start(temporal.address()).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let bridge = serving(port, &directory.path().join("bridge.db"), temporal.address());
    let bridge = guard.variables().into_iter().fold(bridge, |bridge, (name, value)| bridge.env(name, value));
    let mut bridge = bridge.spawn().unwrap();
    let scene = Scene { url: format!("http://127.0.0.1:{port}"), queue: new_task_queue(&temporal), temporal };
    bridge.wait_ready(&format!("{}/readyz", scene.url)).await.unwrap();
    scene.post("", &sample_intent("127.0.0.1", 9090, "http://emco")).await;

    // While it waits, the worker for escalations runs.
    let (workflow, run) = scene.stubborn("1h").await;
    scene.works("rule-0").await;
    let status = format!(
        "{}{SAMPLE_DIG}/temporal-workflow-intents/{SAMPLE_INTENT}/status?workflowID={workflow}&runID={run}",
        scene.url
    );
    let look = async || {
        let answer = http().get(&status).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    };
    for turn in 1..=3 {
        Box::pin(under_load(look, guard.rotate())).await.0.unwrap();
        Box::pin(under_load(look, scene.works(&format!("rule-{turn}")))).await;
    }
    let log = bridge.log();
    // One for escalations, one for rules.
    assert!(log.matches("goes on over a new connection").count() >= 2 * 3, "{log}");
}
