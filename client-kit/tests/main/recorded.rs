//! The fake Temporal, which must follow the rules of the real one in `repeats`.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use client_kit::testing::{Closed, StartFailure, TestAnswer, TestServer};
use client_kit::{ServerOptions, clients};
use serde_json::{Value, json};

use crate::clients::{echo, migrate};

fn server() -> TestServer {
    TestServer::new(clients![echo, migrate])
}

fn spec(options: Value) -> Value {
    json!({"workflowStartOptions": options})
}

async fn with_key(server: &TestServer, key: &str, options: Value) -> TestAnswer {
    let request = Request::post("/invoke/echo")
        .header("Idempotency-Key", key)
        .header("Prefer", "return=representation");
    server.send(request.body(Body::from(spec(options).to_string())).unwrap()).await
}

/// Returns the message of a failed assertion.
fn complaint(assertion: impl FnOnce() + std::panic::UnwindSafe) -> String {
    *std::panic::catch_unwind(assertion).unwrap_err().downcast::<String>().unwrap()
}

#[tokio::test]
async fn starts_are_recorded_as_the_function_returns_them() {
    let server = server();
    let spec = json!({
        "workflowStartOptions": {"id": "migrate-1"},
        "workflowParams": {"activityParams": {"all-activities": {"project": "p", "app": "a"}}},
    });
    let started = server.call("migrate_workflowclient", spec).await.assert_started();
    assert_eq!((started.workflow_id.as_str(), started.run_id.as_str()), ("migrate-1", "run-1"));
    let starts = server.temporal().started().workflow_type("EmcoMigrateWorkflow").workflow_id("migrate-1");
    starts.task_queue("MIGRATION_TASK_Q").with_params(json!({"project": "p"})).once();
}

#[tokio::test]
async fn a_failed_assertion_lists_all_starts() {
    let server = server();
    let starts = server.temporal().started();
    assert_eq!(
        complaint(|| drop(starts.workflow_type("Echo"))),
        "no start of workflow type `Echo`; nothing was started"
    );
    let params = json!({"activityParams": {"all-activities": {"app": "b"}}});
    let body = json!({"workflowStartOptions": {"ID": "w", "TaskQueue": "q"}, "workflowParams": params});
    server.call("echo", body).await.assert_started();
    let starts = server.temporal().started();
    let text = complaint(|| drop(starts.workflow_type("Echo").with_params(json!({"app": "a"}))));
    let expected = "no start of workflow type `Echo` with parameters {\"app\":\"a\"}; started:\n  \
                    `Echo` under workflow ID `w` on task queue `q`, arguments \
                    [{\"activityParams\":{\"all-activities\":{\"app\":\"b\"}}}]";
    assert_eq!(text, expected);
    let starts = server.temporal().started();
    assert!(
        complaint(|| drop(starts.task_queue("q").times(2)))
            .starts_with("1 starts on task queue `q` instead of 2")
    );
}

#[tokio::test]
async fn keys_and_ids_are_known_as_temporal_knows_them() {
    let server = server();
    let options =
        |error: bool| json!({"ID": "w", "TaskQueue": "q", "WorkflowExecutionErrorWhenAlreadyStarted": error});
    let first = with_key(&server, "key-1", options(true)).await.assert_started();
    assert_eq!(with_key(&server, "key-1", options(true)).await.assert_started(), first);
    with_key(&server, "key-2", options(true)).await.assert_problem(409, "workflow_already_running");
    let found = with_key(&server, "key-3", options(false)).await.assert_started();
    assert_eq!((found.run_id, found.already_running), (first.run_id.clone(), true));
    server.temporal().started().once();
    server.temporal().asked().times(4);

    server.temporal().close("w", Closed::Completed);
    assert_eq!(with_key(&server, "key-1", options(true)).await.assert_started(), first, "after its end, too");
    let once = json!({"ID": "w", "TaskQueue": "q", "WorkflowIDReusePolicy": "AllowDuplicateFailedOnly"});
    let refused = with_key(&server, "key-4", once.clone()).await;
    assert_eq!(refused.assert_problem(409, "workflow_id_used").body["runID"], first.run_id.as_str());
    server.temporal().close("w", Closed::Failed);
    assert_ne!(with_key(&server, "key-4", once).await.assert_started().run_id, first.run_id);
}

#[tokio::test]
async fn each_failure_is_answered_as_the_real_one() {
    let options = ServerOptions { start_budget: Duration::from_millis(100), ..ServerOptions::default() };
    let server = TestServer::with_options(clients![echo], options);
    for (failure, status, code, nothing_started) in [
        (StartFailure::Unavailable, 503, "temporal_unavailable", true),
        (StartFailure::ConnectionLost, 503, "temporal_unavailable", false),
        (StartFailure::Busy, 503, "temporal_busy", true),
        (StartFailure::TimedOut, 504, "start_timeout", false),
        (StartFailure::AnswerLost, 504, "start_timeout", false),
        (StartFailure::Silent, 504, "start_timeout", false),
        (StartFailure::IdUsed, 409, "workflow_id_used", true),
        (
            StartFailure::InvalidArgument("no such attribute".to_owned()),
            400,
            "temporal_invalid_argument",
            true,
        ),
        (StartFailure::Refused, 502, "temporal_refused", true),
        (StartFailure::Internal, 502, "temporal_error", false),
    ] {
        server.temporal().fail(failure.clone());
        let answer = server.call("echo", spec(json!({"TaskQueue": "q"}))).await;
        answer.assert_problem(status, code);
        assert_eq!(answer.headers.contains_key("start-outcome"), nothing_started, "{failure:?}");
    }
    server.temporal().started().once();
    server.temporal().fail(StartFailure::AlreadyRunning);
    assert!(server.call("echo", spec(json!({"TaskQueue": "q"}))).await.assert_started().already_running);
    server.temporal().recover();
    assert!(!server.call("echo", spec(json!({"TaskQueue": "q"}))).await.assert_started().already_running);
}

#[tokio::test]
async fn a_lost_answer_is_found_again_under_its_key() {
    let server = server();
    server.temporal().fail(StartFailure::AnswerLost);
    with_key(&server, "key", json!({"ID": "w", "TaskQueue": "q"})).await.assert_problem(504, "start_timeout");
    server.temporal().recover();
    let found = with_key(&server, "key", json!({"ID": "w", "TaskQueue": "q"})).await.assert_started();
    assert!(!found.already_running);
    server.temporal().started().workflow_id("w").once();
}

#[tokio::test]
async fn a_key_with_another_body_is_refused() {
    let server = server();
    let started = with_key(&server, "key", json!({"TaskQueue": "q"})).await.assert_started();
    assert_eq!(with_key(&server, "key", json!({"TaskQueue": "q"})).await.assert_started(), started);
    let refused = || with_key(&server, "key", json!({"TaskQueue": "other"}));
    refused().await.assert_problem(422, "idempotency_key_reused");
    server.temporal().close("echo-key", Closed::Failed);
    refused().await.assert_problem(422, "idempotency_key_reused");
    assert_eq!(with_key(&server, "key", json!({"TaskQueue": "q"})).await.assert_started(), started);
    server.temporal().started().workflow_id("echo-key").once();
}

#[tokio::test]
async fn the_key_is_the_request_id_where_the_intent_names_the_workflow_id() {
    let server = server();
    with_key(&server, "key", json!({"ID": "w", "TaskQueue": "q"})).await.assert_started();
    // The bridge finds its starts by this.
    assert_eq!(server.temporal().started().workflow_id("w").requests()[0].request_id, "key");
}

#[tokio::test]
async fn a_refusal_lists_its_faults() {
    let server = server();
    let answer = server.call("echo", spec(json!({"ID": 7, "WorkflowRunTimeout": "soon"}))).await;
    answer.assert_problem(422, "invalid_spec");
    assert_eq!(
        answer.fault_paths(),
        ["$.workflowStartOptions.ID", "$.workflowStartOptions.WorkflowRunTimeout"]
    );
    server.temporal().asked().none();
}
