//! Steps of a workflow: their progress, and how failures end the workflow.

use harness::eventually;
use serde_json::json;
use temporalio_client::errors::WorkflowGetResultError;
use temporalio_common::error::IncomingError;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;

use crate::scene::{Handle, SOON, cancel, end, events, state, with_worker};

/// Returns type, message and whether it is retryable, of a failure of the workflow itself.
async fn failure(run: &Handle) -> (String, String, bool) {
    match end(run).await {
        Err(WorkflowGetResultError::Failed(failed)) => match *failed {
            IncomingError::Application(failure) => (
                failure.type_name().unwrap_or_default().to_owned(),
                failure.failure().map(|failure| failure.message.clone()).unwrap_or_default(),
                failure.is_non_retryable(),
            ),
            other => panic!("not the workflow's own: {other:?}"),
        },
        other => panic!("did not fail: {other:?}"),
    }
}

/// Returns the number of runs that were closed and retried.
async fn retried(run: &Handle) -> bool {
    events(run).await.iter().any(|event| match event {
        Attributes::WorkflowExecutionFailedEventAttributes(failed) => !failed.new_execution_run_id.is_empty(),
        _ => false,
    })
}

#[tokio::test]
async fn the_state_is_the_running_activity_and_then_completed() {
    with_worker("state", async |scene| {
        let run = scene.planned("works", json!({})).await;
        end(&run).await.unwrap();
        assert_eq!(state(&run).await, "completed");
        let run = scene.planned("lasts", json!({"heartbeatTimeout": "5s"})).await;
        eventually(SOON, "the activity runs", async || state(&run).await == "Work").await;
        cancel(&run).await;
        assert!(matches!(end(&run).await, Err(WorkflowGetResultError::Cancelled { .. })));
        assert_eq!(state(&run).await, "Work");
    })
    .await;
}

#[tokio::test]
async fn a_non_retryable_failure_fails_the_workflow() {
    with_worker("good", async |scene| {
        let run = scene.planned("fails for good", json!({})).await;
        assert_eq!(failure(&run).await, ("Broken".to_owned(), "Work failed: broken".to_owned(), true));
        assert!(!retried(&run).await);
    })
    .await;
}

#[tokio::test]
async fn a_retryable_failure_is_left_to_temporal() {
    with_worker("retried", async |scene| {
        let run = scene.planned("fails", json!({"retryPolicy": {"maximumAttempts": 1}})).await;
        let Err(WorkflowGetResultError::Failed(failed)) = end(&run).await else { panic!("did not fail") };
        assert!(matches!(*failed, IncomingError::Activity(_)), "{failed:?}");
        assert!(retried(&run).await);
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_another_type_ends_the_workflow() {
    with_worker("misunderstood", async |scene| {
        let run = scene.planned("is misunderstood", json!({})).await;
        let (kind, message, non_retryable) = failure(&run).await;
        assert_eq!((kind.as_str(), non_retryable), ("PayloadMismatch", true), "{message}");
        assert!(!retried(&run).await);
    })
    .await;
}
