//! A start happens once, however often it is requested.

use std::time::Duration;

use harness::{Proxy, TemporalServer, eventually};
use serde_json::{Value, json};

use crate::serving::{Answer, LIMIT, Serving, answer, body};

async fn start_with_key(serving: &Serving, key: &str, options: Value) -> Answer {
    let request = serving.post("echo", body(options)).header("Idempotency-Key", key);
    answer(request.header("Prefer", "return=representation")).await
}

#[tokio::test]
async fn a_running_id_is_found_or_refused_as_the_intent_says() {
    let serving = Serving::shared().await;
    let options = |error: bool| json!({"ID": "running-id", "TaskQueue": "q", "WorkflowExecutionErrorWhenAlreadyStarted": error});
    let run = serving.start("echo", options(true)).await.run();

    let found = serving.start("echo", options(false)).await;
    assert_eq!(found.body, json!({"workflowID": "running-id", "runID": run, "alreadyRunning": true}));

    let refused = serving.start("echo", options(true)).await;
    refused.assert_problem(409, "workflow_already_running");
    assert_eq!((&refused.body["workflowID"], &refused.body["runID"]), (&json!("running-id"), &json!(run)));
    assert!(refused.body["detail"].as_str().unwrap().contains(&run), "{refused:?}");
}

#[tokio::test]
async fn a_running_id_is_found_whatever_its_reuse_policy() {
    let serving = Serving::shared().await;
    for policy in 0..=3 {
        let options =
            json!({"ID": format!("policy-{policy}"), "TaskQueue": "q", "WorkflowIDReusePolicy": policy});
        let run = serving.start("echo", options.clone()).await.run();
        assert_eq!(serving.start("echo", options).await.run(), run, "policy {policy}");
    }
}

#[tokio::test]
async fn a_closed_id_gets_a_new_run_where_the_policy_allows() {
    let temporal = TemporalServer::shared().await.unwrap();
    let serving = Serving::shared().await;
    let options =
        |policy: &str| json!({"ID": "closed-id", "TaskQueue": "q", "WorkflowIDReusePolicy": policy});
    let first = serving.start("echo", options("AllowDuplicate")).await.run();
    temporal.cli(&["workflow", "terminate", "--workflow-id", "closed-id"]).await.unwrap();
    let refused = serving.start("echo", options("RejectDuplicate")).await;
    refused.assert_problem(409, "workflow_id_used");
    assert_eq!(refused.body["runID"], json!(first));
    assert_ne!(serving.start("echo", options("AllowDuplicateFailedOnly")).await.run(), first);
}

#[tokio::test]
async fn a_repeated_key_leads_to_the_same_run() {
    let temporal = TemporalServer::shared().await.unwrap();
    let serving = Serving::shared().await;
    let options =
        json!({"ID": "repeated-key", "TaskQueue": "q", "WorkflowExecutionErrorWhenAlreadyStarted": true});
    let first = start_with_key(&serving, "key-1", options.clone()).await;
    let run = first.run();
    // Not "already running": the same start made it run.
    assert_eq!(start_with_key(&serving, "\"key-1\"", options.clone()).await.body, first.body);
    start_with_key(&serving, "key-2", options.clone()).await.assert_problem(409, "workflow_already_running");

    temporal.cli(&["workflow", "terminate", "--workflow-id", "repeated-key"]).await.unwrap();
    assert_eq!(start_with_key(&serving, "key-1", options.clone()).await.run(), run, "after its end, too");
    assert_ne!(start_with_key(&serving, "key-2", options).await.run(), run);
}

#[tokio::test]
async fn a_key_without_an_id_leads_to_the_same_run() {
    let serving = Serving::shared().await;
    let key = "7b1c1f0e-4a53-4c2a-9a43-2d7f5b1d2c11";
    let first = start_with_key(&serving, key, json!({"TaskQueue": "q"})).await;
    assert_eq!(first.body["workflowID"], format!("echo-{key}"));
    assert_eq!(start_with_key(&serving, key, json!({"TaskQueue": "q"})).await.run(), first.run());
}

#[tokio::test]
async fn a_key_with_another_body_is_refused_where_the_id_is_of_the_key() {
    let temporal = TemporalServer::shared().await.unwrap();
    let serving = Serving::shared().await;
    let start = async |queue: &str| start_with_key(&serving, "changed", json!({"TaskQueue": queue})).await;
    let run = start("q").await.run();
    let refused = async || {
        let refused = start("other").await;
        refused.assert_problem(422, "idempotency_key_reused");
        assert_eq!(refused.header("start-outcome"), Some("none"));
        assert_eq!(refused.body["workflowID"], "echo-changed");
    };
    refused().await;
    // After its end as well, whatever the policies of the intent and of the function.
    temporal.cli(&["workflow", "terminate", "--workflow-id", "echo-changed"]).await.unwrap();
    refused().await;
    assert_eq!(start("q").await.run(), run);

    // An ID that the intent names is for more than one request.
    let named = json!({"ID": "changed-by-name", "TaskQueue": "q"});
    let first = start_with_key(&serving, "named", named.clone()).await.run();
    let mut other = named;
    other["WorkflowRunTimeout"] = "1h".into();
    assert_eq!(start_with_key(&serving, "named", other).await.run(), first);
}

#[tokio::test]
async fn a_repeat_finds_a_workflow_that_has_another_run_since() {
    let temporal = TemporalServer::shared().await.unwrap();
    let serving = Serving::shared().await;
    let start = async |options: Value| start_with_key(&serving, "every-second", options).await;
    let options = json!({"TaskQueue": "q", "CronSchedule": "@every 1s", "WorkflowRunTimeout": "1s"});
    let first = start(options.clone()).await.run();
    eventually(LIMIT, "the next run begins", async || {
        let described =
            temporal.cli(&["workflow", "describe", "--workflow-id", "echo-every-second"]).await.unwrap();
        described["workflowExecutionInfo"]["execution"]["runId"] != json!(first)
    })
    .await;
    let found = start(options.clone()).await;
    assert_eq!((found.run(), &found.body["alreadyRunning"]), (first, &json!(false)));
    let mut other = options;
    other["WorkflowRunTimeout"] = "2s".into();
    start(other).await.assert_problem(422, "idempotency_key_reused");
    temporal.cli(&["workflow", "terminate", "--workflow-id", "echo-every-second"]).await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_does_no_harm() {
    let temporal = TemporalServer::shared().await.unwrap();
    let mut proxy = Proxy::start(temporal.address()).await.unwrap();
    let serving = Serving::at(&proxy.address(), Duration::from_secs(2)).await;
    serving.start("echo", json!({"TaskQueue": "q"})).await.run();

    proxy.lose_answers();
    let options =
        json!({"ID": "lost-answer", "TaskQueue": "q", "WorkflowExecutionErrorWhenAlreadyStarted": true});
    let lost = start_with_key(&serving, "key-1", options.clone()).await;
    lost.assert_problem(504, "start_timeout");
    assert!(lost.body["detail"].as_str().unwrap().contains("Idempotency-Key"), "{lost:?}");

    proxy.cut();
    proxy.resume().await.unwrap();
    let run = start_with_key(&serving, "key-1", options).await.run();
    let described = temporal.cli(&["workflow", "describe", "--workflow-id", "lost-answer"]).await.unwrap();
    assert_eq!(described["workflowExecutionInfo"]["execution"]["runId"], json!(run));
    let runs = temporal.cli(&["workflow", "count", "--query", "WorkflowId = 'lost-answer'"]).await.unwrap();
    assert_eq!(runs["count"], "1", "{runs}");
}

#[tokio::test]
async fn options_reports_that_keys_are_accepted() {
    let serving = Serving::alone().await;
    let options = async |client: &str| {
        let url = serving.url(&format!("/invoke/{client}"));
        answer(harness::http().request(reqwest::Method::OPTIONS, url)).await
    };
    let response = options("echo").await;
    assert_eq!((response.status.as_u16(), response.header("accepts-idempotency-key")), (204, Some("true")));
    assert_eq!(response.header("allow"), Some("OPTIONS, POST"));
    let unknown = options("nobody").await;
    unknown.assert_problem(404, "unknown_client");
    assert_eq!(unknown.header("accepts-idempotency-key"), None);
}

#[tokio::test]
async fn a_failed_start_reports_that_nothing_was_started() {
    let temporal = TemporalServer::shared().await.unwrap();
    let mut proxy = Proxy::start(temporal.address()).await.unwrap();
    let serving = Serving::at(&proxy.address(), Duration::from_secs(2)).await;
    proxy.refuse().await;
    let away = serving.start("echo", json!({"TaskQueue": "q"})).await;
    away.assert_problem(503, "temporal_unavailable");
    assert_eq!(away.header("start-outcome"), Some("none"));

    proxy.resume().await.unwrap();
    eventually(LIMIT, "Temporal is back", async || {
        serving.start("echo", json!({"TaskQueue": "q"})).await.status == 201
    })
    .await;
    proxy.lose_answers();
    let lost = serving.start("echo", json!({"TaskQueue": "q"})).await;
    lost.assert_problem(504, "start_timeout");
    assert_eq!(lost.header("start-outcome"), None);
}
