//! Starts that authors describe, as Temporal receives them.

use std::time::Duration;

use harness::TemporalServer;
use serde_json::{Value, json};

use crate::clients::SECRET;
use crate::options::payload;
use crate::serving::{Serving, answer, body};

#[tokio::test]
async fn a_workflow_of_the_sdk_gets_the_input_of_its_type() {
    let (serving, temporal) = Serving::recorded().await;
    serving.start("of_the_sdk", json!({"ID": "w", "TaskQueue": "q"})).await.run();
    let start = temporal.started().requests()[0].start.clone();
    assert_eq!((start.workflow_type().as_str(), start.arguments()), ("TypedMove", vec![json!([1, 2])]));
    assert_eq!((start.options().id.as_str(), start.options().task_queue.as_str()), ("w", "q"));
}

#[tokio::test]
async fn a_start_is_on_the_declared_queue() {
    let (serving, temporal) = Serving::recorded().await;
    serving.start("migrate_workflowclient", json!({"TaskQueue": "MIGRATION_TASK_Q"})).await.run();
    serving.start("migrate_workflowclient", json!({})).await.run();
    for start in temporal.started().requests() {
        assert_eq!(start.start.options().task_queue.as_str(), "MIGRATION_TASK_Q");
        assert_eq!(start.start.workflow_type().as_str(), "EmcoMigrateWorkflow");
    }
}

#[tokio::test]
async fn every_option_of_the_code_reaches_temporal() {
    let temporal = harness::TemporalOptions {
        search_attributes: [("CustomKeywordField".to_owned(), "Keyword".to_owned())].into(),
        in_memory: true,
        ..harness::TemporalOptions::default()
    }
    .start()
    .await
    .unwrap();
    let serving = Serving::at(temporal.address(), Duration::from_secs(10)).await;
    let run = serving.start("overriding", json!({"ID": "code", "TaskQueue": "q"})).await.run();
    let described = temporal.cli(&["workflow", "describe", "--workflow-id", "code-own"]).await.unwrap();
    let (info, config) = (&described["workflowExecutionInfo"], &described["executionConfig"]);
    assert_eq!(info["execution"], json!({"workflowId": "code-own", "runId": run}));
    assert_eq!(config["taskQueue"]["name"], "own-queue");
    assert_eq!(config["workflowExecutionTimeout"], "7200s");
    assert_eq!(config["workflowRunTimeout"], "3600s");
    assert_eq!(config["defaultWorkflowTaskTimeout"], "5.500s");
    let text = |of: &Value| serde_json::from_slice::<Value>(&payload(of).1).unwrap();
    assert_eq!(config["userMetadata"], json!({"summary": "Moves *everything*", "details": "at night"}));

    let history = temporal.cli(&["workflow", "show", "--workflow-id", "code-own"]).await.unwrap();
    let event = &history["events"][0]["workflowExecutionStartedEventAttributes"];
    assert_eq!(event["retryPolicy"]["maximumAttempts"], 3);
    assert_eq!(event["firstWorkflowTaskBackoff"], "3600s");
    assert_eq!(text(&event["memo"]["fields"]["why"]), "because");
    assert_eq!(text(&event["searchAttributes"]["indexedFields"]["CustomKeywordField"]), "edge-1");
    let again = serving.start("overriding", json!({"ID": "code", "TaskQueue": "q"})).await;
    again.assert_problem(409, "workflow_already_running");
}

#[tokio::test]
async fn the_function_decides_what_a_conflict_of_ids_does() {
    let temporal = TemporalServer::shared().await.unwrap();
    let serving = Serving::shared().await;
    let options = json!({"ID": "conflict", "TaskQueue": "q"});
    let first = serving.start("failing_on_conflict", options.clone()).await.run();

    let refused = serving.start("failing_on_conflict", options.clone()).await;
    refused.assert_problem(409, "workflow_already_running");
    assert_eq!(refused.body["runID"], first.as_str());
    // The function decides whether it is an error, whatever the intent has.
    assert_eq!(serving.start("echo", options.clone()).await.run(), first);

    // A reuse policy that could also refuse a closed run. Temporal's text distinguishes the two.
    let once = json!({"ID": "conflict", "TaskQueue": "q", "WorkflowIDReusePolicy": 3});
    serving.start("failing_on_conflict", once.clone()).await.assert_problem(409, "workflow_already_running");

    let second = serving.start("terminating", options.clone()).await;
    assert_eq!(second.body["alreadyRunning"], false);
    let second = second.run();
    assert_ne!(second, first);
    let described = temporal
        .cli(&["workflow", "describe", "--workflow-id", "conflict", "--run-id", &first])
        .await
        .unwrap();
    assert_eq!(described["workflowExecutionInfo"]["status"], "WORKFLOW_EXECUTION_STATUS_TERMINATED");

    let terminate = ["workflow", "terminate", "--workflow-id", "conflict", "--reason", "enough"];
    temporal.cli(&terminate).await.unwrap();
    let used = serving.start("failing_on_conflict", once).await;
    used.assert_problem(409, "workflow_id_used");
    assert_eq!(used.body["runID"], second.as_str());
}

#[tokio::test]
async fn a_repeat_finds_its_run_even_if_a_conflict_fails() {
    let serving = Serving::shared().await;
    let start = async || {
        let body = body(json!({"ID": "repeated-conflict", "TaskQueue": "q"}));
        let request =
            serving.post("failing_on_conflict", body).header("Idempotency-Key", "repeated-conflict-1");
        answer(request.header("Prefer", "return=representation")).await.run()
    };
    assert_eq!(start().await, start().await);
}

#[tokio::test]
async fn an_id_made_up_at_random_starts_twice_under_one_key() {
    let (serving, temporal) = Serving::recorded().await;
    for _ in 0..2 {
        let request = serving.post("unrepeatable", body(json!({"TaskQueue": "q"})));
        answer(request.header("Idempotency-Key", "k")).await;
    }
    let ids: Vec<_> =
        temporal.started().requests().iter().map(|start| start.start.options().id.clone()).collect();
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn error_types_of_the_author_set_their_status() {
    let (serving, temporal) = Serving::recorded().await;
    for (client, queue, status, code, detail) in [
        ("own_errors", "none", 404, "client_refused", "there is no application `a`"),
        (
            "own_errors",
            "store",
            502,
            "client_failed",
            "the workflow client failed; see its log for the reason",
        ),
        (
            "own_errors",
            "other",
            500,
            "client_failed",
            "the workflow client failed; see its log for the reason",
        ),
        ("own_error_passed_on", "q", 404, "client_refused", "there is no application `b`"),
        ("no_json", "q", 500, "client_failed", "the workflow client failed; see its log for the reason"),
    ] {
        let refused = answer(serving.post(client, body(json!({"TaskQueue": queue})))).await;
        refused.assert_problem(status, code);
        assert_eq!(refused.body["detail"], detail);
        assert!(!refused.body.to_string().contains(SECRET), "{refused:?}");
    }
    assert_eq!(temporal.started().requests(), []);
}
