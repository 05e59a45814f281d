//! An intent's options, as Temporal receives them.

use std::time::Duration;

use harness::eventually;
use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::enums::v1::WorkflowTaskFailedCause;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;

use crate::scene::{SOON, cancel, describe, end, events, with_worker};

#[tokio::test]
async fn every_option_reaches_temporal() {
    with_worker("options", async |scene| {
        let run = scene
            .planned(
                "works",
                json!({
                    "scheduleToCloseTimeout": "50s", "scheduleToStartTimeout": "40s", "startToCloseTimeout": "30s",
                    "heartbeatTimeout": "20s", "activityID": "mine",
                    "retryPolicy": {"initialInterval": 10, "backoffCoefficient": 1.5, "maximumInterval": "9s",
                        "maximumAttempts": 4, "nonRetryableErrorTypes": ["X"]},
                }),
            )
            .await;
        assert_eq!(end(&run).await.unwrap(), "works");
        let scheduled = events(&run).await.into_iter().find_map(|event| match event {
            Attributes::ActivityTaskScheduledEventAttributes(scheduled) => Some(scheduled),
            _ => None,
        });
        let scheduled = scheduled.unwrap();
        let seconds = |timeout: Option<_>| Duration::try_from(timeout.unwrap()).unwrap().as_secs();
        assert_eq!(
            [
                seconds(scheduled.schedule_to_close_timeout),
                seconds(scheduled.schedule_to_start_timeout),
                seconds(scheduled.start_to_close_timeout),
                seconds(scheduled.heartbeat_timeout),
            ],
            [50, 40, 30, 20]
        );
        assert_eq!(scheduled.activity_id, "mine");
        let policy = scheduled.retry_policy.unwrap();
        assert_eq!((policy.backoff_coefficient, policy.maximum_attempts), (1.5, 4));
        assert_eq!(policy.non_retryable_error_types, ["X"]);
        assert_eq!(policy.initial_interval.map(|interval| (interval.seconds, interval.nanos)), Some((0, 10)));
        assert_eq!(policy.maximum_interval.map(|interval| interval.seconds), Some(9));
    })
    .await;
}

#[tokio::test]
async fn one_step_can_have_its_own_options() {
    with_worker("own-options", async |scene| {
        let intent = json!({"startToCloseTimeout": "30s", "heartbeatTimeout": "6s"});
        let run = scene.planned("has its own options", intent).await;
        end(&run).await.unwrap();
        let timeouts: Vec<_> = events(&run)
            .await
            .into_iter()
            .filter_map(|event| match event {
                Attributes::ActivityTaskScheduledEventAttributes(scheduled) => {
                    Some((scheduled.start_to_close_timeout?.seconds, scheduled.heartbeat_timeout?.seconds))
                }
                _ => None,
            })
            .collect();
        // The other options of the step, and all of the next step, are those of the intent.
        assert_eq!(timeouts, [(7, 6), (30, 6)]);
    })
    .await;
}

/// The plan refuses these because Temporal does, and the workflow task would fail again and again.
#[tokio::test]
async fn the_plan_refuses_options_that_would_block_the_workflow() {
    with_worker("wedged", async |scene| {
        for (unplanned, planned) in [
            (json!({"maximumInterval": 10}), json!({"retryPolicy": {"maximumInterval": "10ms"}})),
            (json!({"backoffCoefficient": 0.5}), json!({"retryPolicy": {"backoffCoefficient": 0.5}})),
        ] {
            let wedged = scene.unplanned("works", unplanned).await;
            eventually(SOON, "the workflow task fails", async || {
                let bad = WorkflowTaskFailedCause::BadScheduleActivityAttributes;
                events(&wedged).await.into_iter().any(|event| {
                    matches!(event, Attributes::WorkflowTaskFailedEventAttributes(failed) if failed.cause() == bad)
                })
            })
            .await;
            wedged.terminate(Default::default()).await.unwrap();
            assert_refused(end(&scene.planned("works", planned).await).await);
        }
    })
    .await;
}

fn assert_refused(end: Result<Value, impl std::fmt::Debug>) {
    let text = format!("{:?}", end.unwrap_err());
    assert!(
        text.contains("InvalidParams") && text.contains("$.activityOptions.all-activities.RetryPolicy"),
        "{text}"
    );
}

/// The last of the eight options, and the one that only a cancelled workflow shows.
#[tokio::test]
async fn task_queue_and_waiting_for_cancellation_reach_temporal() {
    with_worker("waits", async |scene| {
        let elsewhere = scene.planned("works", json!({"taskQueue": "elsewhere"})).await;
        eventually(SOON, "the activity is scheduled on the other queue", async || {
            events(&elsewhere).await.into_iter().any(|event| {
                matches!(event, Attributes::ActivityTaskScheduledEventAttributes(scheduled)
                    if scheduled.task_queue.as_ref().is_some_and(|queue| queue.name == "elsewhere"))
            })
        })
        .await;
        elsewhere.terminate(Default::default()).await.unwrap();

        for waits in [false, true] {
            let run =
                scene.planned("lasts", json!({"heartbeatTimeout": "5s", "waitForCancellation": waits})).await;
            eventually(SOON, "the activity runs", async || {
                describe(&run)
                    .await
                    .pending_activities
                    .iter()
                    .any(|activity| activity.last_started_time.is_some())
            })
            .await;
            cancel(&run).await;
            end(&run).await.unwrap_err();
            let ended = events(&run)
                .await
                .iter()
                .any(|event| matches!(event, Attributes::ActivityTaskCanceledEventAttributes(_)));
            assert_eq!(ended, waits);
        }
    })
    .await;
}
