//! An intent's activity options, as a plan of activities.

use std::time::Duration;

use proptest::prelude::*;
use temporalio_common::{RetryPolicy, UntypedActivity};
use temporalio_sdk::{ActivityCancellationType, ActivityCloseTimeouts, ActivityOptions};
use worker_kit::{ActivityPlan, InvalidParams, SHORTEST_HEARTBEAT_TIMEOUT};
use workflow_api::{Nanos, WorkflowParams};

const MINUTE: Duration = Duration::from_secs(60);

fn plan(json: serde_json::Value) -> Result<ActivityPlan, InvalidParams> {
    plan_of(&serde_json::from_value(json).unwrap())
}

fn plan_of(params: &WorkflowParams) -> Result<ActivityPlan, InvalidParams> {
    ActivityPlan::new(params, &[&UntypedActivity::new("Copy"), &UntypedActivity::new("Check")])
}

fn options(plan: &ActivityPlan, activity: &str) -> ActivityOptions {
    plan.options(&UntypedActivity::new(activity))
}

fn of_all(given: serde_json::Value) -> ActivityOptions {
    let plan = plan(serde_json::json!({"activityOptions": {"all-activities": given}})).unwrap();
    options(&plan, "Copy")
}

#[test]
fn an_activity_without_options_has_a_minute() {
    let plan = plan(serde_json::json!({})).unwrap();
    let options = options(&plan, "Copy");
    assert!(matches!(options.close_timeouts, ActivityCloseTimeouts::StartToClose(MINUTE)));
    assert!(options.retry_policy.is_none() && options.heartbeat_timeout.is_none());
    assert!(options.task_queue.is_none() && options.activity_id.is_none());
    assert!(options.schedule_to_start_timeout.is_none());
}

#[test]
fn an_activitys_own_entry_replaces_the_common_one_whole() {
    let plan = plan(serde_json::json!({"activityOptions": {
        "all-activities": {"heartbeatTimeout": "30s", "taskQueue": "other"},
        "Copy": {"startToCloseTimeout": "2s"},
    }}))
    .unwrap();
    let (copy, check) = (options(&plan, "Copy"), options(&plan, "Check"));
    assert_eq!(copy.close_timeouts.start_to_close(), Some(Duration::from_secs(2)));
    assert_eq!((copy.heartbeat_timeout, copy.task_queue), (None, None));
    assert_eq!(check.close_timeouts.start_to_close(), Some(MINUTE));
    assert_eq!(check.heartbeat_timeout, Some(Duration::from_secs(30)));
    assert_eq!(check.task_queue.as_deref(), Some("other"));
}

#[test]
fn an_activity_that_waits_has_its_time_unless_the_intent_sets_it() {
    let long = Duration::from_secs(600);
    let given =
        plan(serde_json::json!({"activityOptions": {"Check": {"startToCloseTimeout": "2s"}}})).unwrap();
    let given =
        given.at_least(&UntypedActivity::new("Copy"), long).at_least(&UntypedActivity::new("Check"), long);
    let (copy, check) = (options(&given, "Copy"), options(&given, "Check"));
    assert_eq!(copy.close_timeouts.start_to_close(), Some(long));
    assert_eq!(copy.heartbeat_timeout, Some(Duration::from_secs(30)));
    assert_eq!(check.close_timeouts.start_to_close(), Some(Duration::from_secs(2)));
    let longer = plan(serde_json::json!({"activityOptions": {"all-activities": {
        "startToCloseTimeout": "1h", "heartbeatTimeout": "7s"
    }}}));
    let copy = options(&longer.unwrap().at_least(&UntypedActivity::new("Copy"), long), "Copy");
    assert_eq!(copy.close_timeouts.start_to_close(), Some(Duration::from_secs(3600)));
    assert_eq!(copy.heartbeat_timeout, Some(Duration::from_secs(7)));
}

#[test]
fn all_eight_options_reach_the_sdk() {
    let options = of_all(serde_json::json!({
        "taskQueue": "q", "scheduleToCloseTimeout": "60s", "scheduleToStartTimeout": "5s",
        "startToCloseTimeout": "10s", "heartbeatTimeout": "7s", "waitForCancellation": true, "activityID": "a",
        "retryPolicy": {"initialInterval": 10, "backoffCoefficient": 1.5, "maximumInterval": "9s",
            "maximumAttempts": 4, "nonRetryableErrorTypes": ["X", "Y"]},
    }));
    assert_eq!((options.task_queue.as_deref(), options.activity_id.as_deref()), (Some("q"), Some("a")));
    assert_eq!(options.close_timeouts.schedule_to_close(), Some(Duration::from_secs(60)));
    assert_eq!(options.close_timeouts.start_to_close(), Some(Duration::from_secs(10)));
    assert_eq!(options.schedule_to_start_timeout, Some(Duration::from_secs(5)));
    assert_eq!(options.heartbeat_timeout, Some(Duration::from_secs(7)));
    assert!(matches!(options.cancellation_type, ActivityCancellationType::WaitCancellationCompleted));
    let policy = options.retry_policy.unwrap();
    assert_eq!(policy.initial_interval(), Duration::from_nanos(10));
    assert_eq!(policy.backoff_coefficient(), 1.5);
    assert_eq!(policy.maximum_interval(), Some(Duration::from_secs(9)));
    assert_eq!(policy.maximum_attempts(), 4);
    assert_eq!(policy.non_retryable_error_types(), ["X", "Y"]);
}

#[test]
fn zeros_of_a_retry_policy_are_temporals_defaults() {
    let options = of_all(serde_json::json!({"retryPolicy": {}}));
    assert_eq!(options.retry_policy, Some(RetryPolicy::default()));
    assert!(matches!(options.cancellation_type, ActivityCancellationType::TryCancel));
}

#[test]
fn a_schedule_to_close_timeout_alone_is_enough() {
    let options = of_all(serde_json::json!({"scheduleToCloseTimeout": "60s"}));
    assert_eq!(options.close_timeouts.start_to_close(), None);
    assert_eq!(options.close_timeouts.schedule_to_close(), Some(Duration::from_secs(60)));
}

#[test]
fn a_heartbeat_timeout_that_is_too_short_is_raised() {
    let options = of_all(serde_json::json!({"heartbeatTimeout": 5_000_000}));
    assert_eq!(options.heartbeat_timeout, Some(SHORTEST_HEARTBEAT_TIMEOUT));
}

#[test]
fn all_faults_are_reported_together() {
    let invalid = plan(serde_json::json!({
        "activityOptions": {
            "Paste": {},
            "Copy": {"heartbeatTimeout": -1, "retryPolicy": {"maximumInterval": "10ms", "maximumAttempts": -1}},
        },
        "activityParams": {"Cut": {"a": "b"}, "Check": {"a": "b"}},
    }))
    .unwrap_err();
    let text = invalid.to_string();
    for part in [
        "$.activityOptions.Paste: there is no activity `Paste`; write `all-activities` or one of `Copy`, `Check`",
        "$.activityParams.Cut: there is no activity `Cut`",
        "$.activityOptions.Copy.HeartbeatTimeout: -1 ns is negative",
        "$.activityOptions.Copy.RetryPolicy.MaximumInterval: 10000000 ns is shorter",
        "$.activityOptions.Copy.RetryPolicy.MaximumAttempts: -1 is negative",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(invalid.faults().len(), 5);
}

fn nanos() -> impl Strategy<Value = Nanos> {
    prop_oneof![Just(0), -5..5i64, any::<i64>()].prop_map(Nanos::new)
}

prop_compose! {
    fn retry()(
        initial_interval in nanos(),
        maximum_interval in nanos(),
        backoff_coefficient in prop_oneof![Just(0.0), -1.0..3.0f64],
        maximum_attempts in any::<i32>(),
    ) -> workflow_api::RetryPolicy {
        workflow_api::RetryPolicy {
            initial_interval, backoff_coefficient, maximum_interval, maximum_attempts, non_retryable_error_types: None,
        }
    }
}

prop_compose! {
    fn any_options()(
        timeouts in [nanos(), nanos(), nanos(), nanos()],
        retry_policy in prop::option::of(retry()),
        wait_for_cancellation in any::<bool>(),
    ) -> workflow_api::ActivityOptions {
        workflow_api::ActivityOptions {
            schedule_to_close_timeout: timeouts[0],
            schedule_to_start_timeout: timeouts[1],
            start_to_close_timeout: timeouts[2],
            heartbeat_timeout: timeouts[3],
            wait_for_cancellation,
            retry_policy,
            ..workflow_api::ActivityOptions::default()
        }
    }
}

proptest! {
    /// Temporal's rules for the command that schedules an activity; breaking one fails the workflow task again and
    /// again.
    #[test]
    fn temporal_accepts_every_plan(given in any_options()) {
        let mut params = WorkflowParams::default();
        params.activity_options.insert("Copy".to_owned(), given.clone());
        let Ok(plan) = plan_of(&params) else {
            prop_assert!(!given.faults("$").is_empty());
            return Ok(());
        };
        let options = options(&plan, "Copy");
        let close = &options.close_timeouts;
        prop_assert!(close.start_to_close().is_some() || close.schedule_to_close().is_some());
        prop_assert_eq!(close.schedule_to_close(), given.schedule_to_close_timeout.to_duration());
        prop_assert!(options.heartbeat_timeout.is_none_or(|timeout| timeout >= SHORTEST_HEARTBEAT_TIMEOUT));
        if let Some(policy) = options.retry_policy {
            prop_assert!(policy.backoff_coefficient() >= 1.0);
            prop_assert!(!policy.initial_interval().is_zero());
            prop_assert!(policy.maximum_interval().is_none_or(|maximum| maximum >= policy.initial_interval()));
        }
    }
}
