//! Heartbeats of activities.

use harness::eventually;
use serde_json::json;
use temporalio_client::errors::WorkflowGetResultError;
use temporalio_common::error::{IncomingError, TimeoutType};

use crate::scene::{Handle, SOON, cancel, describe, end, with_worker};

/// Waits until the first attempt of the activity has sent heartbeats for three seconds.
pub(crate) async fn lives_on(run: &Handle) {
    eventually(SOON, "the activity heartbeats on", async || {
        let activity = describe(run).await.pending_activities.into_iter().next().ok_or("no activity")?;
        assert_eq!(activity.attempt.max(1), 1, "{:?}", activity.last_failure);
        let (Some(started), Some(last)) = (activity.last_started_time, activity.last_heartbeat_time) else {
            return Err("no heartbeat");
        };
        if last.seconds - started.seconds >= 3 { Ok(()) } else { Err("not for long") }
    })
    .await;
    cancel(run).await;
    assert!(matches!(end(run).await, Err(WorkflowGetResultError::Cancelled { .. })));
}

#[tokio::test]
async fn an_activity_lives_past_its_heartbeat_timeout() {
    with_worker("alive", async |scene| {
        lives_on(&scene.unplanned("lasts", json!({"heartbeatTimeout": 1000})).await).await;
    })
    .await;
}

#[tokio::test]
async fn emcos_own_heartbeat_timeout_does_no_harm() {
    with_worker("short", async |scene| {
        lives_on(&scene.planned("lasts", json!({"heartbeatTimeout": 5_000_000})).await).await;
    })
    .await;
}

/// The reason why the plan raises it.
#[tokio::test]
async fn a_heartbeat_timeout_of_milliseconds_cannot_be_kept() {
    with_worker("milliseconds", async |scene| {
        let run = scene.unplanned("lasts", json!({"heartbeatTimeout": 5, "maximumAttempts": 1})).await;
        let Err(WorkflowGetResultError::Failed(error)) = end(&run).await else { panic!("it did not fail") };
        let IncomingError::Activity(failure) = *error else { panic!("{error:?}") };
        let timeout = failure.as_timeout().map(|timeout| timeout.timeout_type());
        assert!(matches!(timeout, Some(TimeoutType::Heartbeat)), "{failure:?}");
    })
    .await;
}
