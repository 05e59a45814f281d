//! Responses of workflow clients that do not prove that nothing was started.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::response::IntoResponse;
use bridge_core::model::Outcome;
use harness::{SAMPLE_INTENT, TemporalServer};
use http::StatusCode;
use serde_json::{Value, json};
use workflow_api::WorkflowState;

use super::engine::{ScriptedEngine, outline};
use super::lost_answers::the_one_run;
use super::{Api, ScriptedClient, header, problem_of, unique};

/// A client that starts the workflow, and then responds with these statuses, one after the other.
async fn starting(temporal: &'static TemporalServer, statuses: &'static [u16]) -> ScriptedClient {
    let calls = Arc::new(AtomicUsize::new(0));
    ScriptedClient::start_with_body(move |body| {
        let status = statuses[calls.fetch_add(1, Ordering::SeqCst) % statuses.len()];
        async move {
            let body: Value = serde_json::from_slice(&body).unwrap();
            let id = body["workflowStartOptions"]["ID"].as_str().unwrap();
            let args = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", id];
            temporal.cli(&args).await.unwrap();
            (StatusCode::from_u16(status).unwrap(), "it went wrong")
        }
    })
    .await
}

/// A client that supports keys. Its first response is lost; the others have this status and `Start-Outcome`.
async fn lost_then(status: u16, outcome: &'static str) -> ScriptedClient {
    let calls = AtomicUsize::new(0);
    ScriptedClient::with_keys(move || {
        let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            match first {
                true => StatusCode::GATEWAY_TIMEOUT.into_response(),
                false => {
                    (StatusCode::from_u16(status).unwrap(), [("Start-Outcome", outcome)]).into_response()
                }
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_workflow_that_runs_was_started_whatever_the_response() {
    const STATUSES: &[u16] = &[500, 400, 408, 429, 501, 599, 302];
    let (api, temporal) = Api::on_temporal().await;
    let client = starting(temporal, STATUSES).await;
    api.create(client.port, &unique("unused")).await;
    for (calls, status) in (1..).zip(STATUSES) {
        let id = unique("doubt");
        let body = json!({"spec": {"workflowID": id}}).to_string();
        let started = api.start_under(&id, body.clone()).await;
        assert_eq!(started.status(), 204, "{status}: {}", started.text().await.unwrap());
        let run = header(&started, "run-id").to_owned();
        assert_eq!(the_one_run(temporal, &id).await, run);

        // The repeat does not start it again, even if the run has closed.
        temporal.cli(&["workflow", "terminate", "--workflow-id", &id]).await.unwrap();
        let repeated = api.start_under(&id, body).await;
        assert_eq!(header(&repeated, "run-id"), run, "{status}");
        assert_eq!(the_one_run(temporal, &id).await, run);
        assert_eq!(client.asked().len(), calls, "{status}");
    }
}

#[tokio::test]
async fn a_generated_workflow_id_is_found_after_an_error() {
    let (api, temporal) = Api::on_temporal().await;
    let client = starting(temporal, &[500]).await;
    api.create(client.port, &format!("{}-{{{{uuid}}}}", unique("doubt"))).await;
    let started = api.start_sample().await;
    assert_eq!(started.status(), 204);
    let status: Value = api.status_of_sample("").await.json().await.unwrap();
    assert_eq!(
        (&status["workflowID"], &status["workflowState"]),
        (&json!(header(&started, "workflow-id")), &json!("Running"))
    );
    let cancelled = api.post(&format!("/{SAMPLE_INTENT}/cancel"), "{}").await;
    assert!(cancelled.status().is_success(), "{}", cancelled.text().await.unwrap());
}

#[tokio::test]
async fn nothing_is_claimed_while_temporal_is_away() {
    let api = Api::with(&["--start-timeout", "900ms"]).await;
    let status = Arc::new(AtomicUsize::new(0));
    let client = ScriptedClient::start({
        let status = Arc::clone(&status);
        move || {
            let status = u16::try_from(status.load(Ordering::SeqCst)).unwrap();
            async move { StatusCode::from_u16(status).unwrap().into_response() }
        }
    })
    .await;
    api.create(client.port, "{{uuid}}").await;
    for (of_client, code) in [
        (404, "client_refused"),
        (405, "client_refused"),
        (302, "start_outcome_unknown"),
        (400, "start_outcome_unknown"),
        (500, "start_outcome_unknown"),
    ] {
        status.store(of_client, Ordering::SeqCst);
        let problem = problem_of(api.start_sample().await, 502, code).await;
        assert_eq!(problem["clientStatus"], of_client);
    }
}

/// The first response of a client that supports keys is lost, and the repeat is rejected.
#[tokio::test]
async fn a_rejected_repeat_proves_nothing_about_the_first_call() {
    for (again, header) in [(429, "none"), (409, "none"), (401, "none"), (404, "")] {
        let client = lost_then(again, header).await;
        // The run has ended, so the client cannot find it by its key any more.
        let engine = ScriptedEngine {
            outline: Box::new(|_| Ok(outline(WorkflowState::Completed))),
            ..ScriptedEngine::default()
        };
        let api = Api::on_engine(engine).await;
        api.create_sample(client.port).await;
        let started = api.start_sample().await;
        assert_eq!(started.status(), 204, "{again}: {}", started.text().await.unwrap());
        assert!(matches!(api.run_of_sample().await.outcome, Outcome::Started { .. }), "{again}");
    }
}

#[tokio::test]
async fn a_rejected_content_was_rejected_before() {
    let client = lost_then(422, "none").await;
    let api = Api::on_engine(ScriptedEngine::empty()).await;
    api.create_sample(client.port).await;
    problem_of(api.start_sample().await, 502, "client_refused").await;
    assert_eq!(client.asked().len(), 2);
}
