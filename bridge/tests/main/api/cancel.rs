//! Cancelling and terminating workflows.

use std::sync::Arc;

use bridge_core::ports::CommandError;
use harness::SAMPLE_INTENT;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use workflow_api::WorkflowState;

use super::engine::{Order, ScriptedEngine};
use super::{Api, fault_paths, header, problem_of, unique};

async fn cancel(api: &Api, body: impl Into<reqwest::Body>) -> Response {
    api.post(&format!("/{SAMPLE_INTENT}/cancel"), body).await
}

/// Returns the order that an engine gets for this body.
async fn order_of(body: Value) -> Order {
    let engine = ScriptedEngine::default();
    let orders = Arc::clone(&engine.orders);
    let api = Api::on_engine(engine).await;
    api.create_sample(9090).await;
    assert_eq!(cancel(&api, body.to_string()).await.status(), 204);
    let orders = orders.lock().unwrap().clone();
    let [order] = orders.try_into().unwrap();
    order
}

#[tokio::test]
async fn everything_may_be_left_out() {
    for body in [json!({}), json!({"metadata": {"name": ""}}), json!({"spec": null})] {
        let order = order_of(body).await;
        assert_eq!((order.run.workflow_id.as_str(), order.run.run_id.as_str()), ("migrate-apps-1", ""));
        assert_eq!((order.terminate, order.reason.as_str(), order.details), (false, "", None));
    }
}

#[tokio::test]
async fn nothing_is_ended_without_a_body() {
    let engine = ScriptedEngine::default();
    let orders = Arc::clone(&engine.orders);
    let api = Api::on_engine(engine).await;
    api.create_sample(9090).await;
    for verb in ["cancel", "cancel?workflowID=w", "terminate"] {
        for body in ["", "\n"] {
            let refused = api.post(&format!("/{SAMPLE_INTENT}/{verb}"), body).await;
            problem_of(refused, 400, "not_json").await;
        }
    }
    assert_eq!(orders.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn every_field_reaches_the_engine() {
    let order = order_of(json!({"spec": {
        "TemporalServer": "temporal:7233", "workflowid": "w", "runID": "r", "terminate": true, "reason": "why", "details": [1, {"a": 2}],
    }}))
    .await;
    assert_eq!((order.run.workflow_id.as_str(), order.run.run_id.as_str()), ("w", "r"));
    assert_eq!((order.terminate, order.reason.as_str()), (true, "why"));
    assert_eq!(order.details, Some(json!([1, {"a": 2}]).into()));
}

#[tokio::test]
async fn a_workflow_is_cancelled_terminated_and_then_closed() {
    let (api, temporal) = Api::on_temporal().await;
    let id = unique("cancel");
    api.create_with_workflow(&id).await;
    problem_of(cancel(&api, "{}").await, 404, "no_such_workflow").await;
    temporal
        .cli(&["workflow", "start", "--type", "T", "--task-queue", "nobody", "--workflow-id", &id])
        .await
        .unwrap();
    let cancelled = cancel(&api, r#"{"spec":{"reason":"please"}}"#).await;
    assert_eq!((cancelled.status().as_u16(), cancelled.text().await.unwrap().as_str()), (204, ""));

    let path = format!("/{SAMPLE_INTENT}/cancel");
    let terminate = api.request(Method::POST, &path).header("Prefer", "return=representation");
    let terminated = terminate.body(r#"{"spec":{"terminate":true,"reason":"enough"}}"#).send().await.unwrap();
    assert_eq!(terminated.status(), 200);
    assert_eq!(header(&terminated, "preference-applied"), "return=representation");
    let body: Value = terminated.json().await.unwrap();
    assert_eq!((&body["workflowID"], &body["workflowState"]), (&json!(id), &json!("Terminated")));

    for body in ["{}", r#"{"spec":{"terminate":true}}"#] {
        let problem = problem_of(cancel(&api, body).await, 409, "workflow_closed").await;
        assert_eq!(problem["workflowState"], "Terminated");
    }
    let shown = temporal.cli(&["workflow", "show", "--workflow-id", &id]).await.unwrap().to_string();
    assert!(shown.contains("please") && shown.contains("enough"), "{shown}");
}

#[tokio::test]
async fn a_closed_run_is_a_conflict_with_its_state() {
    let error = CommandError::AlreadyClosed {
        workflow_id: "w".into(),
        run_id: "r".into(),
        state: WorkflowState::Completed,
    };
    let engine = ScriptedEngine { stop: Box::new(move |_| Err(error.clone())), ..ScriptedEngine::default() };
    let api = Api::on_engine(engine).await;
    api.create_sample(9090).await;
    let problem = problem_of(cancel(&api, "{}").await, 409, "workflow_closed").await;
    assert_eq!((&problem["workflowState"], &problem["runID"]), (&json!("Completed"), &json!("r")));
}

#[tokio::test]
async fn bad_bodies_are_refused_with_their_faults() {
    let engine = ScriptedEngine::default();
    let orders = Arc::clone(&engine.orders);
    let api = Api::on_engine(engine).await;
    api.create_sample(9090).await;
    problem_of(cancel(&api, "{").await, 400, "not_json").await;
    let problem =
        problem_of(cancel(&api, r#"{"spec":{"terminate":"yes","details":{}}}"#).await, 422, "invalid_body")
            .await;
    assert_eq!(fault_paths(&problem), ["$.spec.terminate", "$.spec.details"]);
    let path = format!("/{SAMPLE_INTENT}/cancel?fieldValidation=Strict");
    problem_of(api.post(&path, r#"{"spec":{"force":true}}"#).await, 400, "unknown_fields").await;
    problem_of(cancel(&api, r#"{"spec":{"temporalServer":"other:1"}}"#).await, 403, "temporal_not_allowed")
        .await;
    assert!(orders.lock().unwrap().is_empty());

    let warned = cancel(&api, r#"{"spec":{"force":true}}"#).await;
    assert_eq!(
        (warned.status().as_u16(), header(&warned, "warning")),
        (204, "299 - \"unknown field $.spec.force\"")
    );
}

#[tokio::test]
async fn an_intent_that_does_not_exist_has_nothing_to_cancel() {
    let api = Api::new().await;
    problem_of(cancel(&api, "{}").await, 404, "no_such_intent").await;
}

#[tokio::test]
async fn an_absent_temporal_is_reported() {
    let api = Api::new().await;
    api.create_sample(9090).await;
    problem_of(cancel(&api, "{}").await, 503, "temporal_unavailable").await;
}
