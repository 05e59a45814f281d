//! Temporal's start and activity options, as Go's SDK writes them (EMCO-API §1.3).

use std::collections::BTreeMap;

use crate::read::{FromJson, Node, Reader, from_json};
use crate::{Nanos, RawJson, TaskQueue, WorkflowId};
use serde::Serialize;

/// JSON values by name, of no known type.
pub type JsonMap = BTreeMap<String, RawJson>;

/// How to start a workflow: Go's `StartWorkflowOptions`, eleven fields in its order.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "PascalCase")]
pub struct StartOptions {
    /// The workflow ID. In an intent also a template: `{{uuid}}`, `{{run}}`.
    #[serde(rename = "ID")]
    pub id: WorkflowId,
    /// The task queue that the workflow's worker serves.
    pub task_queue: TaskQueue,
    /// Bound of the whole execution, with retries and continue-as-new; nanoseconds, 0 for none.
    pub workflow_execution_timeout: Nanos,
    /// Bound of one run; nanoseconds, 0 for none.
    pub workflow_run_timeout: Nanos,
    /// Bound of one workflow task; nanoseconds, 0 for the server's 10 s.
    pub workflow_task_timeout: Nanos,
    /// Whether the ID of a closed workflow may be used again.
    #[serde(rename = "WorkflowIDReusePolicy")]
    #[cfg_attr(feature = "openapi", schema(value_type = i32, minimum = 0, maximum = 3))]
    pub workflow_id_reuse_policy: IdReusePolicy,
    /// Whether starting an ID that is running is an error; otherwise the answer names the run that exists.
    pub workflow_execution_error_when_already_started: bool,
    /// How the workflow as a whole is retried; not at all where there is none.
    pub retry_policy: Option<RetryPolicy>,
    /// A cron schedule; empty for none.
    pub cron_schedule: String,
    /// The memo.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<BTreeMap<String, serde_json::Value>>))]
    pub memo: Option<JsonMap>,
    /// The search attributes.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<BTreeMap<String, serde_json::Value>>))]
    pub search_attributes: Option<JsonMap>,
}

from_json!(StartOptions {
    "ID" => id,
    "TaskQueue" => task_queue,
    "WorkflowExecutionTimeout" => workflow_execution_timeout,
    "WorkflowRunTimeout" => workflow_run_timeout,
    "WorkflowTaskTimeout" => workflow_task_timeout,
    "WorkflowIDReusePolicy" => workflow_id_reuse_policy,
    "WorkflowExecutionErrorWhenAlreadyStarted" => workflow_execution_error_when_already_started,
    "RetryPolicy" => retry_policy,
    "CronSchedule" => cron_schedule,
    "Memo" => memo,
    "SearchAttributes" => search_attributes,
});

/// How to run an activity: Go's `ActivityOptions`, eight fields in its order.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "PascalCase")]
pub struct ActivityOptions {
    /// The task queue of the activity's worker; empty for the workflow's own.
    pub task_queue: TaskQueue,
    /// Bound from scheduling to the end, with retries; nanoseconds, 0 for none.
    pub schedule_to_close_timeout: Nanos,
    /// Bound of the wait for a worker; nanoseconds, 0 for none.
    pub schedule_to_start_timeout: Nanos,
    /// Bound of one attempt; nanoseconds, 0 for none.
    pub start_to_close_timeout: Nanos,
    /// Longest silence between heartbeats; nanoseconds, 0 for none.
    pub heartbeat_timeout: Nanos,
    /// Whether a cancelled workflow waits for the activity to end.
    pub wait_for_cancellation: bool,
    /// The activity ID; empty for one that the SDK makes.
    #[serde(rename = "ActivityID")]
    pub activity_id: String,
    /// How attempts are retried; Temporal's default where there is none.
    pub retry_policy: Option<RetryPolicy>,
}

from_json!(ActivityOptions {
    "TaskQueue" => task_queue,
    "ScheduleToCloseTimeout" => schedule_to_close_timeout,
    "ScheduleToStartTimeout" => schedule_to_start_timeout,
    "StartToCloseTimeout" => start_to_close_timeout,
    "HeartbeatTimeout" => heartbeat_timeout,
    "WaitForCancellation" => wait_for_cancellation,
    "ActivityID" => activity_id,
    "RetryPolicy" => retry_policy,
});

/// How something is tried again: Go's `RetryPolicy`, five fields in its order. Zero means Temporal's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "PascalCase")]
pub struct RetryPolicy {
    /// Wait before the first retry; nanoseconds.
    pub initial_interval: Nanos,
    /// Factor from one wait to the next; at least 1.
    pub backoff_coefficient: f64,
    /// Longest wait; nanoseconds.
    pub maximum_interval: Nanos,
    /// Most attempts, the first one counted; 0 for no bound.
    pub maximum_attempts: i32,
    /// Types of application failures that are not retried.
    pub non_retryable_error_types: Option<Vec<String>>,
}

from_json!(RetryPolicy {
    "InitialInterval" => initial_interval,
    "BackoffCoefficient" => backoff_coefficient,
    "MaximumInterval" => maximum_interval,
    "MaximumAttempts" => maximum_attempts,
    "NonRetryableErrorTypes" => non_retryable_error_types,
});

/// Whether the ID of a closed workflow may be used again; on the wire Temporal's number, read also by its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(into = "i32")]
pub enum IdReusePolicy {
    /// 0: the server's default, which is [`Self::AllowDuplicate`].
    #[default]
    Unspecified,
    /// 1: yes, however it closed.
    AllowDuplicate,
    /// 2: only when it did not complete.
    AllowDuplicateFailedOnly,
    /// 3: never.
    RejectDuplicate,
}

impl IdReusePolicy {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Unspecified, "Unspecified"),
        (Self::AllowDuplicate, "AllowDuplicate"),
        (Self::AllowDuplicateFailedOnly, "AllowDuplicateFailedOnly"),
        (Self::RejectDuplicate, "RejectDuplicate"),
    ];

    /// Temporal's number (EMCO-API §1.3, API v1.7.0).
    #[must_use]
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// By name, as in Go (`AllowDuplicate`) or in the protocol (`WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE`).
    fn from_name(text: &str) -> Option<Self> {
        let plain = |text: &str| text.replace(['_', '-', ' '], "").to_ascii_lowercase();
        let name = plain(text);
        let name = name.strip_prefix("workflowidreusepolicy").unwrap_or(&name);
        Self::ALL.iter().find(|(_, known)| plain(known) == name).map(|(policy, _)| *policy)
    }
}

impl From<IdReusePolicy> for i32 {
    fn from(policy: IdReusePolicy) -> Self {
        policy.number()
    }
}

impl TryFrom<i64> for IdReusePolicy {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        usize::try_from(number)
            .ok()
            .and_then(|index| Self::ALL.get(index))
            .map(|(policy, _)| *policy)
            .ok_or_else(|| format!("{number} is not a reuse policy: {}", Self::choices()))
    }
}

impl IdReusePolicy {
    fn choices() -> String {
        let choices: Vec<_> =
            Self::ALL.iter().map(|(policy, name)| format!("{} ({name})", policy.number())).collect();
        format!("write {}", choices.join(", "))
    }
}

impl FromJson for IdReusePolicy {
    fn read_into(&mut self, node: &Node<'_>, reader: &mut Reader) {
        match node {
            Node::Null => {}
            Node::String(text) => match Self::from_name(text) {
                Some(policy) => *self = policy,
                None => reader.fault(format!("`{text}` is not a reuse policy: {}", Self::choices())),
            },
            Node::Number(number) => match number.as_i64().map(Self::try_from) {
                Some(Ok(policy)) => *self = policy,
                Some(Err(message)) => reader.fault(message),
                None => reader.fault(format!("{number} is not a reuse policy: {}", Self::choices())),
            },
            Node::Bool(_) | Node::Array(_) | Node::Object(_) => {
                reader.mismatch("a reuse policy (number or name)", node);
            }
        }
    }
}
