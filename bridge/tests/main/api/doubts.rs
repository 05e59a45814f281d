//! Responses of workflow clients that do not prove that nothing was started.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use bridge_core::model::Outcome;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use harness::{SAMPLE_INTENT, TemporalServer, http};
use http::StatusCode;
use serde_json::{Value, json};
use workflow_api::WorkflowState;

use super::engine::{ScriptedEngine, of_another_start, outline};
use super::lost_answers::the_one_run;
use super::{Api, ScriptedClient, header, problem_of, unique};

/// Starts the workflow of each call, and then responds with these statuses, one after the other.
fn starting(
    temporal: &'static TemporalServer,
    statuses: &'static [u16],
) -> impl Fn(Bytes) -> BoxFuture<'static, Response> + Send + Sync {
    let calls = AtomicUsize::new(0);
    move |body| {
        let status = statuses[calls.fetch_add(1, Ordering::SeqCst) % statuses.len()];
        async move {
            let body: Value = serde_json::from_slice(&body).unwrap();
            let id = body["workflowStartOptions"]["ID"].as_str().unwrap();
            let args = ["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", id];
            temporal.cli(&args).await.unwrap();
            (StatusCode::from_u16(status).unwrap(), "it went wrong").into_response()
        }
        .boxed()
    }
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
    let client = ScriptedClient::start_with_body(starting(temporal, STATUSES)).await;
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
    let client = ScriptedClient::start_with_body(starting(temporal, &[500])).await;
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

/// A gateway does not know what the client did, and a 503 of our client is about its last call.
#[tokio::test]
async fn a_call_that_may_be_in_progress_leaves_the_outcome_unknown() {
    let flags = ["--start-timeout", "6s"];
    let gateway = |status| {
        ScriptedClient::start(move || async move { StatusCode::from_u16(status).unwrap().into_response() })
    };
    let clients =
        [gateway(502).await, gateway(504).await, lost_then(503, "none").await, lost_then(429, "none").await];
    join_all(clients.map(async |client| {
        let api = Api::on_engine_with(ScriptedEngine::empty(), &flags).await;
        api.create_sample(client.port).await;
        problem_of(api.start_sample().await, 502, "start_outcome_unknown").await;
        assert!(matches!(api.run_of_sample().await.outcome, Outcome::Unknown { .. }));
    }))
    .await;
}

#[tokio::test]
async fn a_start_has_an_alarm_until_its_outcome_is_known() {
    let known = Arc::new(AtomicBool::new(false));
    let (nothing, seen) = (ScriptedEngine::empty().outline, Arc::clone(&known));
    let engine = ScriptedEngine {
        outline: Box::new(move |run| match seen.load(Ordering::SeqCst) {
            false => nothing(run),
            true => Ok(outline(WorkflowState::Running)),
        }),
        ..ScriptedEngine::default()
    };
    let client = ScriptedClient::start(|| async { StatusCode::GATEWAY_TIMEOUT.into_response() }).await;
    let api = Api::on_engine_with(engine, &["--start-timeout", "1s"]).await;
    api.create_sample(client.port).await;
    problem_of(api.start_under("key", "").await, 502, "start_outcome_unknown").await;
    let alarms = async || -> Value {
        let url = format!("{}/v2/alarms?probableCause=startOutcomeUnknown", api.url());
        http().get(url).send().await.unwrap().json().await.unwrap()
    };
    let raised = alarms().await;
    assert_eq!(raised[0]["perceivedSeverity"], "MAJOR", "{raised}");
    assert_eq!(raised[0]["specificProblem"], api.run_of_sample().await.id.to_string());
    known.store(true, Ordering::SeqCst);
    assert_eq!(api.start_under("key", "").await.status(), 204);
    assert_eq!(alarms().await[0]["perceivedSeverity"], "CLEARED");
}

/// The client has sent the start to Temporal, and responds that it failed before Temporal has the run.
#[tokio::test]
async fn a_run_that_begins_after_the_failure_was_started() {
    let client = ScriptedClient::refusing(StatusCode::INTERNAL_SERVER_ERROR, "deadline exceeded").await;
    let looks = AtomicUsize::new(0);
    let nothing = ScriptedEngine::empty().outline;
    let engine = ScriptedEngine {
        outline: Box::new(move |run| match looks.fetch_add(1, Ordering::SeqCst) {
            0..2 => nothing(run),
            _ => Ok(outline(WorkflowState::Running)),
        }),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine(engine).await;
    api.create_sample(client.port).await;
    let started = api.start_sample().await;
    assert_eq!((started.status().as_u16(), header(&started, "run-id")), (204, "run-1"));
}

#[tokio::test]
async fn temporal_is_asked_even_if_the_client_does_not_respond_any_more() {
    let temporal = TemporalServer::shared().await.unwrap();
    let client = ScriptedClient::silent_about_keys(starting(temporal, &[500])).await;
    let api = Api::on(temporal.address(), &["--start-timeout", "6s"]).await;
    let id = unique("silent");
    api.create(client.port, &id).await;
    let started = api.start_sample().await;
    assert_eq!(started.status(), 204, "{}", started.text().await.unwrap());
    assert_eq!(the_one_run(temporal, &id).await, header(&started, "run-id"));
}

/// A run that began since, without the key of this start, is that of another one.
#[tokio::test]
async fn the_run_of_another_start_proves_nothing() {
    let client = lost_then(429, "none").await;
    let engine = ScriptedEngine {
        outline: Box::new(|_| Ok(of_another_start(WorkflowState::Running))),
        ..ScriptedEngine::default()
    };
    let api = Api::on_engine_with(engine, &["--start-timeout", "1s"]).await;
    api.create_sample(client.port).await;
    problem_of(api.start_sample().await, 502, "start_outcome_unknown").await;
}

#[tokio::test]
async fn a_rejected_content_was_rejected_before() {
    let client = lost_then(422, "none").await;
    let api = Api::on_engine(ScriptedEngine::empty()).await;
    api.create_sample(client.port).await;
    problem_of(api.start_sample().await, 502, "client_refused").await;
    assert_eq!(client.asked().len(), 2);
}
