//! From an intent's activity options to the SDK's, by EMCO's rules (EMCO-API §2.5).

use std::collections::BTreeMap;
use std::time::Duration;

use temporalio_common::{ActivityDefinition, RetryPolicy};
use temporalio_sdk::{ActivityCancellationType, ActivityCloseTimeouts, ActivityOptions};
use workflow_api::{Fault, WorkflowParams};

use crate::InvalidParams;

/// What EMCO gives an activity of which an intent says nothing (EMCO-API §2.5).
const START_TO_CLOSE: Duration = Duration::from_secs(60);

/// The heartbeat timeout of an activity that takes long, where the intent sets none.
const HEARTBEAT_OF_LONG_ONES: Duration = Duration::from_secs(30);

/// The shortest heartbeat timeout that a worker can keep; shorter ones are raised to it.
///
/// EMCO's own sample asks for 5 ms, less than a heartbeat takes to reach Temporal. Temporal looks about once a second, so its
/// quick activities never noticed; one that takes longer would time out at every attempt, however fast it heartbeats. The
/// timeout only bounds how late a dead worker is noticed: a longer one costs seconds then, and nothing otherwise.
pub const SHORTEST_HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(5);

/// How each activity of a workflow runs.
#[derive(Debug, Clone)]
pub struct ActivityPlan {
    all: ActivityOptions,
    own: BTreeMap<String, ActivityOptions>,
    activities: usize,
}

impl ActivityPlan {
    /// The plan that `params` give for the activities `known`.
    ///
    /// # Errors
    /// [`InvalidParams`] when options or parameters are given for an activity that is not known, or when Temporal would
    /// refuse an option; Temporal would then fail the workflow task, and go on doing so.
    pub fn new(params: &WorkflowParams, known: &[&str]) -> Result<Self, InvalidParams> {
        let mut faults = Vec::new();
        for (field, names) in [
            ("activityOptions", params.activity_options.keys().collect::<Vec<_>>()),
            ("activityParams", params.activity_params.keys().collect()),
        ] {
            let unknown = names
                .into_iter()
                .filter(|name| *name != WorkflowParams::ALL_ACTIVITIES && !known.contains(&name.as_str()));
            faults.extend(unknown.map(|name| {
                let all = WorkflowParams::ALL_ACTIVITIES;
                let known = known.join("`, `");
                let message = format!("there is no activity `{name}`; write `{all}` or one of `{known}`");
                Fault::new(format!("$.{field}.{name}"), message)
            }));
        }
        for (name, options) in &params.activity_options {
            faults.extend(options.faults(&format!("$.activityOptions.{name}")));
        }
        if !faults.is_empty() {
            return Err(InvalidParams::new(faults));
        }
        let mut own: BTreeMap<_, _> =
            params.activity_options.iter().map(|(name, options)| (name.clone(), for_sdk(options))).collect();
        let all = own
            .remove(WorkflowParams::ALL_ACTIVITIES)
            .unwrap_or_else(|| for_sdk(&workflow_api::ActivityOptions::default()));
        Ok(Self { all, own, activities: known.len() })
    }

    /// Gives `activity` at least so long for an attempt, and heartbeats, unless the intent has options for that activity
    /// itself: for one that waits longer than what the options for all were meant for.
    #[must_use]
    pub fn at_least(mut self, activity: &str, least: Duration) -> Self {
        let mut options = self.all.clone();
        let close = options.close_timeouts;
        let least = |time: Duration| time.max(least);
        options.close_timeouts = match (close.schedule_to_close(), close.start_to_close()) {
            (Some(schedule), Some(start)) => ActivityCloseTimeouts::ScheduleAndStartToClose {
                schedule_to_close: least(schedule),
                start_to_close: least(start),
            },
            (Some(schedule), None) => ActivityCloseTimeouts::ScheduleToClose(least(schedule)),
            (None, start) => ActivityCloseTimeouts::StartToClose(least(start.unwrap_or(START_TO_CLOSE))),
        };
        options.heartbeat_timeout.get_or_insert(HEARTBEAT_OF_LONG_ONES);
        self.own.entry(activity.to_owned()).or_insert(options);
        self
    }

    /// How many activities there are.
    pub(crate) fn activities(&self) -> usize {
        self.activities
    }

    /// The options of `activity`: its own, else those for all activities, else one minute for an attempt.
    pub fn options(&self, activity: &impl ActivityDefinition) -> ActivityOptions {
        self.own.get(activity.name()).unwrap_or(&self.all).clone()
    }
}

/// The SDK's form of `options`. In Go's options zero means "not set" (EMCO-API §1.3).
fn for_sdk(options: &workflow_api::ActivityOptions) -> ActivityOptions {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let start_to_close = options.start_to_close_timeout.to_duration();
    let schedule_to_close = options.schedule_to_close_timeout.to_duration();
    // Temporal demands one of the two.
    let close = match (schedule_to_close, start_to_close) {
        (Some(schedule_to_close), Some(start_to_close)) => {
            ActivityCloseTimeouts::ScheduleAndStartToClose { schedule_to_close, start_to_close }
        }
        (Some(schedule_to_close), None) => ActivityCloseTimeouts::ScheduleToClose(schedule_to_close),
        (None, start_to_close) => {
            ActivityCloseTimeouts::StartToClose(start_to_close.unwrap_or(START_TO_CLOSE))
        }
    };
    let heartbeat = options.heartbeat_timeout.to_duration();
    let cancellation = if options.wait_for_cancellation {
        ActivityCancellationType::WaitCancellationCompleted
    } else {
        ActivityCancellationType::TryCancel
    };
    ActivityOptions::with_close_timeouts(close)
        .maybe_task_queue(text(options.task_queue.as_str()))
        .maybe_activity_id(text(&options.activity_id))
        .maybe_schedule_to_start_timeout(options.schedule_to_start_timeout.to_duration())
        .maybe_heartbeat_timeout(heartbeat.map(|timeout| timeout.max(SHORTEST_HEARTBEAT_TIMEOUT)))
        .cancellation_type(cancellation)
        .maybe_retry_policy(options.retry_policy.as_ref().map(retry_policy))
        .build()
}

/// The SDK's policy begins with Temporal's defaults; what is set here replaces them.
fn retry_policy(given: &workflow_api::RetryPolicy) -> RetryPolicy {
    let mut policy = RetryPolicy::default();
    if let Some(interval) = given.initial_interval.to_duration() {
        policy.set_initial_interval(interval);
    }
    if given.backoff_coefficient > 0.0 {
        policy.set_backoff_coefficient(given.backoff_coefficient);
    }
    policy
        .set_maximum_interval(given.maximum_interval.to_duration())
        .set_maximum_attempts(u32::try_from(given.maximum_attempts).unwrap_or_default())
        .set_non_retryable_error_types(given.non_retryable_error_types.iter().flatten());
    policy
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use temporalio_common::UntypedActivity;
    use workflow_api::Nanos;

    use super::*;

    const KNOWN: [&str; 2] = ["Copy", "Check"];

    fn plan(json: serde_json::Value) -> Result<ActivityPlan, InvalidParams> {
        ActivityPlan::new(&serde_json::from_value(json).unwrap(), &KNOWN)
    }

    fn options(plan: &ActivityPlan, activity: &str) -> ActivityOptions {
        plan.options(&UntypedActivity::new(activity))
    }

    fn of_all(options: serde_json::Value) -> ActivityOptions {
        let plan = plan(serde_json::json!({"activityOptions": {"all-activities": options}})).unwrap();
        super::tests::options(&plan, "Copy")
    }

    #[test]
    fn nothing_said_is_a_minute_for_an_attempt() {
        let plan = plan(serde_json::json!({})).unwrap();
        let options = options(&plan, "Copy");
        assert!(matches!(options.close_timeouts, ActivityCloseTimeouts::StartToClose(START_TO_CLOSE)));
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
        assert_eq!(check.close_timeouts.start_to_close(), Some(START_TO_CLOSE));
        assert_eq!(check.heartbeat_timeout, Some(Duration::from_secs(30)));
        assert_eq!(check.task_queue.as_deref(), Some("other"));
    }

    #[test]
    fn an_activity_that_waits_has_its_time_unless_the_intent_says_otherwise() {
        let long = Duration::from_secs(600);
        let given =
            plan(serde_json::json!({"activityOptions": {"Check": {"startToCloseTimeout": "2s"}}})).unwrap();
        let given = given.at_least("Copy", long).at_least("Check", long);
        let (copy, check) = (options(&given, "Copy"), options(&given, "Check"));
        assert_eq!(copy.close_timeouts.start_to_close(), Some(long));
        assert_eq!(copy.heartbeat_timeout, Some(HEARTBEAT_OF_LONG_ONES));
        assert_eq!(check.close_timeouts.start_to_close(), Some(Duration::from_secs(2)));
        let longer = plan(serde_json::json!({"activityOptions": {"all-activities": {
            "startToCloseTimeout": "1h", "heartbeatTimeout": "7s"
        }}}));
        let copy = options(&longer.unwrap().at_least("Copy", long), "Copy");
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
    fn the_whole_bound_alone_is_enough() {
        let options = of_all(serde_json::json!({"scheduleToCloseTimeout": "60s"}));
        assert_eq!(options.close_timeouts.start_to_close(), None);
        assert_eq!(options.close_timeouts.schedule_to_close(), Some(Duration::from_secs(60)));
    }

    #[test]
    fn emcos_own_heartbeat_timeout_is_raised_to_what_can_be_kept() {
        let options = of_all(serde_json::json!({"heartbeatTimeout": 5_000_000}));
        assert_eq!(options.heartbeat_timeout, Some(SHORTEST_HEARTBEAT_TIMEOUT));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
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
        /// Temporal's rules for the command that schedules an activity; breaking one fails the workflow task for ever.
        #[test]
        fn what_is_planned_is_what_temporal_takes(given in any_options()) {
            let mut params = WorkflowParams::default();
            params.activity_options.insert("Copy".to_owned(), given.clone());
            let Ok(plan) = ActivityPlan::new(&params, &KNOWN) else {
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
}
