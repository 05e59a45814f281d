//! Temporal's start and activity options, as Go's SDK writes them (EMCO-API §1.3).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::read::{FromJson, Level, Node, Reader, go, object};
use crate::{Nanos, RawJson, TaskQueue, WorkflowId, cut};

/// JSON values of no known type by name, as Go keeps them (EMCO-API §0.2). A number that Go would change is a fault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct JsonMap(BTreeMap<String, RawJson>);

impl std::ops::Deref for JsonMap {
    type Target = BTreeMap<String, RawJson>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl std::ops::DerefMut for JsonMap {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl FromIterator<(String, RawJson)> for JsonMap {
    fn from_iter<I: IntoIterator<Item = (String, RawJson)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl FromJson for JsonMap {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        let mut given = BTreeMap::<String, RawJson>::new();
        given.read_into(node, reader);
        for (name, json) in given {
            match go::rewritten(json.as_str()) {
                Ok(json) => _ = self.insert(name, json),
                Err(message) => reader.at_key(&name, |reader| reader.fault(message)),
            }
        }
    }
}

object! {
    /// How to start a workflow: Go's `StartWorkflowOptions`, eleven fields in its order.
    pub struct StartOptions {
        /// The workflow ID. In an intent also a template: `{{uuid}}`, `{{run}}`.
        "ID" => id: WorkflowId,
        /// The task queue that the workflow's worker serves.
        "TaskQueue" => task_queue: TaskQueue,
        /// Timeout of the whole execution, with retries and continue-as-new; nanoseconds, 0 for none.
        "WorkflowExecutionTimeout" => workflow_execution_timeout: Nanos,
        /// Timeout of one run; nanoseconds, 0 for none.
        "WorkflowRunTimeout" => workflow_run_timeout: Nanos,
        /// Timeout of one workflow task; nanoseconds, 0 for the server's 10 s.
        "WorkflowTaskTimeout" => workflow_task_timeout: Nanos,
        /// Whether the ID of a closed workflow may be used again.
        #[cfg_attr(feature = "openapi", schema(value_type = i32, minimum = 0, maximum = 3))]
        "WorkflowIDReusePolicy" => workflow_id_reuse_policy: IdReusePolicy,
        /// Whether it is an error to start a workflow ID that is running. Otherwise the response names the existing
        /// run.
        "WorkflowExecutionErrorWhenAlreadyStarted" => workflow_execution_error_when_already_started: bool,
        /// How the workflow as a whole is retried. Without a policy it is not.
        "RetryPolicy" => retry_policy: Option<RetryPolicy>,
        /// A cron schedule; empty for none.
        "CronSchedule" => cron_schedule: String,
        /// The memo.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<BTreeMap<String, serde_json::Value>>))]
        "Memo" => memo: Option<JsonMap>,
        /// The search attributes.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<BTreeMap<String, serde_json::Value>>))]
        "SearchAttributes" => search_attributes: Option<JsonMap>,
    }
}

object! {
    /// How to run an activity: Go's `ActivityOptions`, eight fields in its order.
    pub struct ActivityOptions {
        /// The task queue of the activity's worker. Empty: that of the workflow.
        "TaskQueue" => task_queue: TaskQueue,
        /// Timeout from scheduling to the end, with retries; nanoseconds, 0 for none.
        "ScheduleToCloseTimeout" => schedule_to_close_timeout: Nanos,
        /// Timeout of the wait for a worker; nanoseconds, 0 for none.
        "ScheduleToStartTimeout" => schedule_to_start_timeout: Nanos,
        /// Timeout of one attempt; nanoseconds, 0 for none.
        "StartToCloseTimeout" => start_to_close_timeout: Nanos,
        /// Longest time between heartbeats; nanoseconds, 0 for none.
        "HeartbeatTimeout" => heartbeat_timeout: Nanos,
        /// Whether a cancelled workflow waits for the activity to end.
        "WaitForCancellation" => wait_for_cancellation: bool,
        /// The activity ID. Empty: the SDK makes one.
        "ActivityID" => activity_id: String,
        /// How attempts are retried. Without a policy: Temporal's default.
        "RetryPolicy" => retry_policy: Option<RetryPolicy>,
    }
}

object! {
    /// How something is retried: Go's `RetryPolicy`, five fields in its order. Zero stands for Temporal's default.
    pub struct RetryPolicy {
        /// Wait before the first retry; nanoseconds.
        "InitialInterval" => initial_interval: Nanos,
        /// Factor from one wait to the next; at least 1.
        "BackoffCoefficient" => backoff_coefficient: f64,
        /// Longest wait; nanoseconds.
        "MaximumInterval" => maximum_interval: Nanos,
        /// Most attempts, including the first; 0 for no limit.
        "MaximumAttempts" => maximum_attempts: i32,
        /// Types of application failures that are not retried.
        "NonRetryableErrorTypes" => non_retryable_error_types: Option<Vec<String>>,
    }
}

/// Whether the ID of a closed workflow may be used again. Written as Temporal's number, and read as number or name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(into = "i32")]
pub enum IdReusePolicy {
    /// 0: the server's default, which is [`Self::AllowDuplicate`].
    #[default]
    Unspecified,
    /// 1: yes, however the workflow closed.
    AllowDuplicate,
    /// 2: only if the workflow did not complete.
    AllowDuplicateFailedOnly,
    /// 3: never.
    RejectDuplicate,
}

impl IdReusePolicy {
    const ALL: [Self; 4] =
        [Self::Unspecified, Self::AllowDuplicate, Self::AllowDuplicateFailedOnly, Self::RejectDuplicate];

    /// Temporal's number (EMCO-API §1.3, API v1.7.0).
    #[must_use]
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// Finds a policy by its name in Go (`AllowDuplicate`) or in the protocol
    /// (`WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE`).
    fn from_name(text: &str) -> Option<Self> {
        let name = text.replace(['_', '-', ' '], "").to_ascii_lowercase();
        let name = name.strip_prefix("workflowidreusepolicy").unwrap_or(&name);
        Self::ALL.into_iter().find(|policy| format!("{policy:?}").eq_ignore_ascii_case(name))
    }
}

impl From<IdReusePolicy> for i32 {
    fn from(policy: IdReusePolicy) -> Self {
        policy.number()
    }
}

impl FromJson for IdReusePolicy {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        let (policy, given) = match reader.level(node) {
            Level::Null => return,
            Level::String(text) => (Self::from_name(&text), format!("`{}`", cut(&text))),
            Level::Number(number) => {
                let is_it = |policy: &Self| number.parse() == Ok(policy.number());
                (Self::ALL.into_iter().find(is_it), cut(number).into_owned())
            }
            other => return reader.mismatch("a reuse policy (number or name)", &other),
        };
        match policy {
            Some(policy) => *self = policy,
            None => {
                let choices = Self::ALL.map(|policy| format!("{} ({policy:?})", policy.number())).join(", ");
                reader.fault(format!("{given} is not a reuse policy: write {choices}"));
            }
        }
    }
}
