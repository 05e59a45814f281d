//! The kit, tested by the clauses of `compliance`.

use client_kit::testing::{App, TestServer, assert_compliant};
use client_kit::{ClientError, StartContext, WorkflowStart, clients, workflow_client};
use futures::FutureExt;
use serde_json::json;

use crate::clients::{echo, migrate};

/// Needs a parameter, and makes its own IDs.
#[workflow_client]
async fn particular(ctx: StartContext) -> Result<WorkflowStart, ClientError> {
    let params = &ctx.spec().workflow_params.activity_params;
    match params.get("all-activities").and_then(|params| params.get("app")) {
        Some(app) => Ok(ctx.start("Move").with_workflow_id(format!("move-{app}"))),
        None => Err(ClientError::refused("name the `app`")),
    }
}

fn with_app() -> serde_json::Value {
    json!({"workflowParams": {"activityParams": {"all-activities": {"app": "a"}}}})
}

/// Returns the message of a failed assertion.
async fn complaint(app: App) -> String {
    let panic = std::panic::AssertUnwindSafe(assert_compliant(app)).catch_unwind().await.unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[tokio::test]
async fn our_workflow_clients_are_compliant() {
    assert_compliant(clients![echo, migrate]).await;
    assert_compliant(App::from(clients![particular]).spec(with_app())).await;
}

#[tokio::test]
async fn a_router_and_a_url_can_be_tested_too() {
    let server = TestServer::new(clients![echo]);
    assert_compliant(App::from(server.router()).client("echo")).await;
    let listening = server.listen().await;
    assert_compliant(App::from(listening.url().as_str()).client("echo")).await;
}

#[tokio::test]
async fn a_failed_assertion_has_the_report() {
    let text = complaint(App::from(clients![particular])).await;
    assert!(text.contains("compliant.rs") && text.contains("FAILED  path"), "{text}");
    assert!(text.contains("422 Unprocessable Entity") && text.contains("name the `app`"), "{text}");
    let text = complaint(App::from(clients![echo]).client("nobody")).await;
    assert!(text.contains("no workflow client `nobody`"), "{text}");
}
