//! Every start option reaches Temporal, as Temporal's own command line confirms.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use harness::{TemporalOptions, TemporalServer};
use serde_json::{Value, json};

use crate::serving::{LIMIT, Serving, answer, body};

/// The first event of a workflow's history.
async fn started_event(temporal: &TemporalServer, id: &str) -> Value {
    let history = temporal.cli(&["workflow", "show", "--workflow-id", id]).await.unwrap();
    history["events"][0]["workflowExecutionStartedEventAttributes"].clone()
}

pub(crate) fn payload(payload: &Value) -> (String, Vec<u8>) {
    let bytes = |text: &Value| STANDARD.decode(text.as_str().unwrap_or_default()).unwrap();
    (String::from_utf8(bytes(&payload["metadata"]["encoding"])).unwrap(), bytes(&payload["data"]))
}

#[tokio::test]
async fn all_eleven_options_reach_temporal() {
    let attributes =
        [("KitKeyword", "Keyword"), ("KitInt", "Int"), ("KitTime", "Datetime"), ("KitList", "KeywordList")];
    let temporal = TemporalOptions {
        search_attributes: attributes.map(|(name, kind)| (name.to_owned(), kind.to_owned())).into(),
        in_memory: true,
        ..TemporalOptions::default()
    }
    .start()
    .await
    .unwrap();
    let serving = Serving::at(temporal.address(), Duration::from_secs(10)).await;
    let answer = serving
        .start(
            "echo",
            json!({
                "ID": "all-options",
                "TaskQueue": "kit-queue",
                "WorkflowExecutionTimeout": "2h",
                "WorkflowRunTimeout": 3_600_000_000_000_i64,
                "WorkflowTaskTimeout": 5_500_000_000_i64,
                "WorkflowIDReusePolicy": 3,
                "WorkflowExecutionErrorWhenAlreadyStarted": true,
                "RetryPolicy": {
                    "InitialInterval": 1_500_000_000,
                    "BackoffCoefficient": 1.5,
                    "MaximumInterval": "1m",
                    "MaximumAttempts": 3,
                    "NonRetryableErrorTypes": ["Fatal", "Worse"],
                },
                "CronSchedule": "30 1 * * 0",
                "Memo": {"text": "a<b", "object": {"number": 2.0}},
                "SearchAttributes": {
                    "KitKeyword": "edge-1", "KitInt": 7, "KitTime": "2026-01-02T03:04:05Z", "KitList": ["a", "b"],
                },
            }),
        )
        .await;
    let run = answer.run();
    assert_eq!(answer.body, json!({"workflowID": "all-options", "runID": run, "alreadyRunning": false}));

    let described = temporal.cli(&["workflow", "describe", "--workflow-id", "all-options"]).await.unwrap();
    let (info, config) = (&described["workflowExecutionInfo"], &described["executionConfig"]);
    assert_eq!(info["execution"], json!({"workflowId": "all-options", "runId": run}));
    assert_eq!(info["type"]["name"], "Echo");
    assert_eq!(config["taskQueue"]["name"], "kit-queue");
    assert_eq!(config["workflowExecutionTimeout"], "7200s");
    assert_eq!(config["workflowRunTimeout"], "3600s");
    assert_eq!(config["defaultWorkflowTaskTimeout"], "5.500s");

    let event = started_event(&temporal, "all-options").await;
    assert_eq!(
        event["retryPolicy"],
        json!({
            "initialInterval": "1.500s", "backoffCoefficient": 1.5, "maximumInterval": "60s", "maximumAttempts": 3,
            "nonRetryableErrorTypes": ["Fatal", "Worse"],
        })
    );
    assert_eq!(event["cronSchedule"], "30 1 * * 0");
    let memo = &event["memo"]["fields"];
    assert_eq!(payload(&memo["text"]), ("json/plain".to_owned(), br#""a\u003cb""#.to_vec()));
    assert_eq!(payload(&memo["object"]), ("json/plain".to_owned(), br#"{"number":2}"#.to_vec()));

    // Temporal finds the workflow by them, so it has read them with their types.
    let query = "KitKeyword = 'edge-1' AND KitInt = 7 AND KitTime > '2026-01-02T03:04:04Z' AND KitList = 'b'";
    harness::eventually(LIMIT, "the workflow is found by its search attributes", async || {
        let found = temporal.cli(&["workflow", "list", "--query", query]).await.unwrap();
        if found[0]["execution"]["workflowId"] == "all-options" { Ok(()) } else { Err(found) }
    })
    .await;

    let terminate = ["workflow", "terminate", "--workflow-id", "all-options", "--reason", "enough"];
    temporal.cli(&terminate).await.unwrap();
    let again = serving
        .start("echo", json!({"ID": "all-options", "TaskQueue": "q", "WorkflowIDReusePolicy": 3}))
        .await;
    again.assert_problem(409, "workflow_id_used");
    assert_eq!((&again.body["workflowID"], &again.body["runID"]), (&json!("all-options"), &json!(run)));
}

#[tokio::test]
async fn zero_values_are_temporals_defaults() {
    let temporal = TemporalServer::shared().await.unwrap();
    let serving = Serving::shared().await;
    let zeros = json!({
        "ID": "zero-options", "TaskQueue": "q", "WorkflowExecutionTimeout": 0, "WorkflowRunTimeout": 0,
        "WorkflowTaskTimeout": 0, "WorkflowIDReusePolicy": 0, "WorkflowExecutionErrorWhenAlreadyStarted": false,
        "RetryPolicy": {
            "InitialInterval": 0, "BackoffCoefficient": 0, "MaximumInterval": 0, "MaximumAttempts": 0,
            "NonRetryableErrorTypes": null,
        },
        "CronSchedule": "", "Memo": null, "SearchAttributes": null,
    });
    serving.start("echo", zeros).await.run();
    let event = started_event(temporal, "zero-options").await;
    assert_eq!(
        event["retryPolicy"],
        json!({"initialInterval": "1s", "backoffCoefficient": 2, "maximumInterval": "100s"})
    );
    assert_eq!(event["workflowTaskTimeout"], "10s");
    assert!(event.get("memo").is_none() && event.get("cronSchedule").is_none(), "{event}");
}

#[tokio::test]
async fn without_an_id_each_start_gets_a_uuid() {
    let serving = Serving::shared().await;
    let first = serving.start("echo", json!({"TaskQueue": "q"})).await;
    let second = serving.start("echo", json!({"TaskQueue": "q"})).await;
    assert_ne!(first.run(), second.run());
    let id = first.body["workflowID"].as_str().unwrap();
    assert_eq!((id.len(), id.matches('-').count()), (36, 4), "{id}");
}

#[tokio::test]
async fn several_arguments_arrive_in_order() {
    let temporal = TemporalServer::shared().await.unwrap();
    let serving = Serving::shared().await;
    serving.start("three_arguments", json!({"ID": "several-arguments", "TaskQueue": "q"})).await.run();
    let event = started_event(temporal, "several-arguments").await;
    let arguments: Vec<_> = event["input"]["payloads"].as_array().unwrap().iter().map(payload).collect();
    let json = |text: &str| ("json/plain".to_owned(), text.as_bytes().to_vec());
    assert_eq!(arguments, [json(r#""first""#), ("binary/null".to_owned(), Vec::new()), json("2")]);
}

#[tokio::test]
async fn emcos_params_become_the_argument_byte_for_byte() {
    let temporal = TemporalServer::shared().await.unwrap();
    let serving = Serving::shared().await;
    let emco = include_str!("emco-start-body.json").replace("migrate-apps-1", "byte-for-byte");
    let response = answer(serving.post("migrate_workflowclient", emco.clone())).await;
    assert_eq!(response.status, 204);
    let event = started_event(temporal, "byte-for-byte").await;
    let (_, params) = emco.split_once("\"workflowParams\":").unwrap();
    let params = params.strip_suffix('}').unwrap();
    let [argument] = event["input"]["payloads"].as_array().unwrap().as_slice() else { panic!("{event}") };
    assert_eq!(payload(argument), ("json/plain".to_owned(), params.as_bytes().to_vec()));
    assert_eq!(event["taskQueue"]["name"], "MIGRATION_TASK_Q");
    assert_eq!(event["retryPolicy"]["maximumAttempts"], 2);
}

#[tokio::test]
async fn a_refusal_of_temporal_is_reported() {
    let serving = Serving::shared().await;
    for (options, words) in [
        (
            json!({"ID": "r-1", "TaskQueue": "q", "SearchAttributes": {"NoSuchAttribute": 1}}),
            "NoSuchAttribute",
        ),
        (json!({"ID": "r-2", "TaskQueue": "q", "CronSchedule": "whenever"}), "CronSchedule"),
        (json!({"ID": "r-3", "TaskQueue": "q", "WorkflowRunTimeout": -1_000_000_000}), "WorkflowRunTimeout"),
        (
            json!({"ID": "r-4", "TaskQueue": "q", "RetryPolicy": {"BackoffCoefficient": 0.5}}),
            "BackoffCoefficient",
        ),
    ] {
        let answer = answer(serving.post("echo", body(options))).await;
        answer.assert_problem(400, "temporal_invalid_argument");
        assert!(answer.body["detail"].as_str().unwrap().contains(words), "{answer:?}");
    }
}
