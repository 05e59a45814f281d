//! Converts an intent's activity options into the SDK's, by EMCO's rules (EMCO-API §2.5).

use std::collections::BTreeMap;
use std::time::Duration;

use temporalio_common::{ActivityDefinition, RetryPolicy};
use temporalio_sdk::{ActivityCancellationType, ActivityCloseTimeouts, ActivityOptions};
use workflow_api::WorkflowParams;

use crate::InvalidParams;

/// The start-to-close timeout of an activity without options, as in EMCO (EMCO-API §2.5).
const START_TO_CLOSE: Duration = Duration::from_secs(60);

/// The heartbeat timeout of a long activity, if the intent sets none.
const HEARTBEAT_OF_LONG_ONES: Duration = Duration::from_secs(30);

/// The shortest heartbeat timeout that a worker can keep. Shorter ones are raised to it.
///
/// EMCO's sample sets 5 ms, which is less than a heartbeat takes to reach Temporal. Temporal checks the timeout about
/// once a second, so the sample's quick activities succeed. An activity that takes longer would time out at every
/// attempt, however often it sends heartbeats. With a longer timeout, a dead worker is noticed some seconds later; it
/// has no other effect.
pub const SHORTEST_HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(5);

/// An activity by its definition, of which `#[activities]` makes a constant: `Greetings::greet`. For an activity of
/// another language, it is the SDK's `UntypedActivity`.
pub trait NamedActivity {
    /// Returns the name under which the activity is registered.
    fn activity_name(&self) -> &str;
}

impl<A: ActivityDefinition> NamedActivity for A {
    fn activity_name(&self) -> &str {
        self.name()
    }
}

/// The options of each activity of a workflow.
#[derive(Debug, Clone)]
pub struct ActivityPlan {
    all: ActivityOptions,
    own: BTreeMap<String, ActivityOptions>,
    activities: usize,
}

impl ActivityPlan {
    /// Creates the plan of `params` for these activities: `ActivityPlan::new(&params, &[&Greetings::greet])`.
    ///
    /// # Errors
    /// [`InvalidParams`] when there are options or parameters for another activity, or when Temporal would refuse an
    /// option. With such an option the workflow task would fail again and again.
    pub fn new(params: &WorkflowParams, activities: &[&dyn NamedActivity]) -> Result<Self, InvalidParams> {
        let known: Vec<_> = activities.iter().map(|activity| activity.activity_name()).collect();
        let mut faults = params.unknown_activities(&known);
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

    /// Sets the timeouts of `activity` to at least `least`, and a heartbeat timeout, unless the intent has options for
    /// that activity. Use it for an activity that waits longer than the options for all activities allow.
    #[must_use]
    pub fn at_least(mut self, activity: &impl ActivityDefinition, least: Duration) -> Self {
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
        self.own.entry(activity.name().to_owned()).or_insert(options);
        self
    }

    /// The number of activities.
    pub(crate) fn activities(&self) -> usize {
        self.activities
    }

    /// Returns the options of `activity`: its own, or else those for all activities, or else one minute for an attempt.
    pub fn options(&self, activity: &impl ActivityDefinition) -> ActivityOptions {
        self.own.get(activity.name()).unwrap_or(&self.all).clone()
    }
}

/// Converts `options` into the SDK's. In Go's options zero means "not set" (EMCO-API §1.3).
fn for_sdk(options: &workflow_api::ActivityOptions) -> ActivityOptions {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let start_to_close = options.start_to_close_timeout.to_duration();
    let schedule_to_close = options.schedule_to_close_timeout.to_duration();
    // Temporal requires one of the two.
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

/// Converts the policy. The SDK's begins with Temporal's defaults, which the fields that are set replace.
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
