//! Idempotency keys: one key, one start.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::http::StatusCode;
use axum::response::IntoResponse;
use bridge_core::model::Outcome;
use harness::{PostgreSql, SAMPLE_INTENT, eventually};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::engine::ScriptedEngine;
use super::{Api, SOON, ScriptedClient, header, problem_of};

/// Responds like our clients; the first start leads to the run `run-1`, and so on.
async fn counting_client() -> ScriptedClient {
    let starts = Arc::new(AtomicUsize::new(0));
    ScriptedClient::start(move || {
        let run = format!("run-{}", starts.fetch_add(1, Ordering::SeqCst) + 1);
        async move { (StatusCode::NO_CONTENT, [("Workflow-Id", "w".to_owned()), ("Run-Id", run)]) }
    })
    .await
}

#[tokio::test]
async fn a_repeated_call_gets_the_same_response_after_later_runs() {
    let api = Api::new().await;
    let client = counting_client().await;
    api.create_sample(client.port).await;
    let first = api.start_under("key-1", "").await;
    assert_eq!((header(&first, "run-id"), first.headers().get("idempotency-replayed")), ("run-1", None));
    assert_eq!(header(&api.start_sample().await, "run-id"), "run-2");
    assert_eq!(header(&api.start_under("key-2", "").await, "run-id"), "run-3");
    let again = api.start_under("\"key-1\"", "").await;
    assert_eq!((again.status().as_u16(), header(&again, "run-id")), (204, "run-1"));
    assert_eq!(header(&again, "idempotency-replayed"), "true");
    assert_eq!(client.asked().len(), 3);

    let path = format!("/{SAMPLE_INTENT}/start");
    let start = api.request(Method::POST, &path).header("Idempotency-Key", "key-1");
    let full = start.header("Prefer", "return=representation").send().await.unwrap();
    assert_eq!(full.status(), 201);
    assert_eq!(full.json::<Value>().await.unwrap()["runID"], "run-1");
}

#[tokio::test]
async fn another_body_under_the_key_is_refused() {
    let api = Api::new().await;
    let client = counting_client().await;
    api.create_sample(client.port).await;
    api.start_under("key-1", r#"{"spec":{"workflowID":"a"}}"#).await;
    let reused = api.start_under("key-1", r#"{"spec":{"workflowID":"b"}}"#).await;
    problem_of(reused, 422, "idempotency_key_reused").await;
    client.asked_once();
}

#[tokio::test]
async fn a_key_in_flight_gets_a_time_to_retry() {
    let api = Api::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let client = ScriptedClient::start(move || {
        let held = Arc::clone(&held);
        async move {
            let _open = held.acquire().await;
            [("Run-Id", "run-1")]
        }
    })
    .await;
    api.create_sample(client.port).await;
    let (first, ()) = tokio::join!(api.start_under("key-1", ""), async {
        eventually(SOON, "the client is asked", async || client.asked().len() == 1).await;
        let second = api.start_under("key-1", "").await;
        assert!(header(&second, "retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        problem_of(second, 409, "idempotency_key_in_flight").await;
        gate.add_permits(1);
    });
    assert_eq!(header(&first, "run-id"), "run-1");
    client.asked_once();
}

#[tokio::test]
async fn what_came_to_nothing_is_made_again_under_its_workflow_id() {
    let api = Api::on_engine(ScriptedEngine::empty()).await;
    let calls = Arc::new(AtomicUsize::new(0));
    let client = ScriptedClient::start(move || {
        let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            } else {
                [("Run-Id", "run-1")].into_response()
            }
        }
    })
    .await;
    api.create_sample(client.port).await;
    let body = r#"{"spec":{"workflowID":"w-{{run}}-{{uuid}}"}}"#;
    problem_of(api.start_under("key-1", body).await, 502, "client_refused").await;
    let started = api.start_under("key-1", body).await;
    assert_eq!((started.status().as_u16(), header(&started, "run-id")), (204, "run-1"));
    let [first, second] = client.asked().try_into().unwrap();
    assert_eq!(first.body, second.body);
    assert_eq!(second.headers["idempotency-key"], "key-1");
    let run = api.run_of_sample().await;
    assert_eq!((run.number, run.attempt, run.workflow_id.as_str()), (1, 2, header(&started, "workflow-id")));
    assert!(run.workflow_id.as_str().starts_with("w-1-"), "{run:?}");
    assert!(matches!(run.outcome, Outcome::Started { .. }), "{run:?}");
}

#[tokio::test]
async fn a_key_means_something_for_its_intent_alone() {
    let api = Api::new().await;
    let client = counting_client().await;
    api.create_sample(client.port).await;
    let mut other = harness::sample_intent("127.0.0.1", client.port, "http://emco");
    other["metadata"]["name"] = "other".into();
    assert_eq!(api.post("", other.to_string()).await.status(), 201);
    assert_eq!(header(&api.start_under("key-1", "").await, "run-id"), "run-1");
    let start = api.request(Method::POST, "/other/start").header("Idempotency-Key", "key-1");
    assert_eq!(header(&start.send().await.unwrap(), "run-id"), "run-2");
}

#[tokio::test]
async fn a_key_is_kept_for_its_time() {
    let api = Api::with(&["--key-retention", "0s"]).await;
    let client = counting_client().await;
    api.create_sample(client.port).await;
    assert_eq!(header(&api.start_under("key-1", "").await, "run-id"), "run-1");
    assert_eq!(header(&api.start_under("key-1", "{}").await, "run-id"), "run-2");
}

#[tokio::test]
async fn of_one_key_at_two_replicas_at_once_one_start_comes() {
    let postgres = PostgreSql::shared().await.unwrap();
    let database = postgres.database().await.unwrap();
    let nowhere = format!("127.0.0.1:{}", harness::free_port());
    let flags = ["--database", database.as_str()];
    let replicas = [Api::on(&nowhere, &flags).await, Api::on(&nowhere, &flags).await];
    let client = counting_client().await;
    replicas[0].create_sample(client.port).await;
    for round in 1..=10 {
        let key = format!("key-{round}");
        let calls = (0..8).map(|call| replicas[call % 2].start_under(&key, ""));
        let answers = futures::future::join_all(calls).await;
        assert_eq!(client.asked().len(), round);
        let run = format!("run-{round}");
        let mut started = 0;
        for answer in answers {
            match answer.status().as_u16() {
                204 => {
                    assert_eq!(header(&answer, "run-id"), run);
                    started += usize::from(answer.headers().get("idempotency-replayed").is_none());
                }
                409 => drop(problem_of(answer, 409, "idempotency_key_in_flight").await),
                other => panic!("{other}: {}", answer.text().await.unwrap()),
            }
        }
        assert_eq!(started, 1);
        let later = replicas[round % 2].start_under(&key, "").await;
        assert_eq!(
            (header(&later, "run-id"), header(&later, "idempotency-replayed")),
            (run.as_str(), "true")
        );
    }
}
