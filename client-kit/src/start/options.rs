//! Options of a start, overridden one by one.

use std::time::Duration;

use serde::Serialize;
use workflow_api::{IdReusePolicy, Nanos, RetryPolicy, StartOptions};

use super::WorkflowStart;

/// What happens if the workflow ID is running already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum IdConflictPolicy {
    /// The answer names the run that exists, and nothing is started.
    #[default]
    UseExisting,
    /// The start is an error (409).
    Fail,
    /// The run that exists is terminated, and another begins.
    TerminateExisting,
}

/// What the intent says stays, where the function does not say otherwise.
impl WorkflowStart {
    /// The same with a bound of the whole execution, with retries and continue-as-new; zero for none.
    pub fn with_execution_timeout(mut self, timeout: Duration) -> Self {
        self.options.workflow_execution_timeout = nanos(timeout);
        self
    }

    /// The same with a bound of one run; zero for none.
    pub fn with_run_timeout(mut self, timeout: Duration) -> Self {
        self.options.workflow_run_timeout = nanos(timeout);
        self
    }

    /// The same with a bound of one workflow task; zero for the server's 10 s.
    pub fn with_task_timeout(mut self, timeout: Duration) -> Self {
        self.options.workflow_task_timeout = nanos(timeout);
        self
    }

    /// The same where the ID of a closed workflow may be used again as this says.
    pub fn with_id_reuse_policy(mut self, policy: IdReusePolicy) -> Self {
        self.options.workflow_id_reuse_policy = policy;
        self
    }

    /// The same where an ID that is running is an error (409), or is not: the option
    /// `WorkflowExecutionErrorWhenAlreadyStarted` of Go's SDK.
    pub fn error_when_already_started(mut self, error: bool) -> Self {
        self.options.workflow_execution_error_when_already_started = error;
        self
    }

    /// The same where this happens if the workflow ID is running. It goes before [`Self::error_when_already_started`].
    pub fn with_id_conflict_policy(mut self, policy: IdConflictPolicy) -> Self {
        self.id_conflict_policy = Some(policy);
        self
    }

    /// The same where the workflow as a whole is retried so.
    pub fn with_retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.options.retry_policy = Some(policy);
        self
    }

    /// The same on a cron schedule; empty for none.
    pub fn with_cron_schedule(mut self, schedule: impl Into<String>) -> Self {
        self.options.cron_schedule = schedule.into();
        self
    }

    /// The same with one more entry in the memo, or another one of this name.
    pub fn with_memo(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        if let Some(value) = self.json(value, || format!("memo `{name}`")) {
            self.options.memo.get_or_insert_default().insert(name, value.into());
        }
        self
    }

    /// The same with one more search attribute, or another value of it. Temporal must know it.
    pub fn with_search_attribute(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        if let Some(value) = self.json(value, || format!("search attribute `{name}`")) {
            self.options.search_attributes.get_or_insert_default().insert(name, value.into());
        }
        self
    }

    /// The same, begun only after this time; not together with a cron schedule.
    pub fn with_start_delay(mut self, delay: Duration) -> Self {
        self.start_delay = Some(delay);
        self
    }

    /// The same with a line that Temporal's UI shows of the workflow; it may have Markdown.
    pub fn with_static_summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = Some(summary.into());
        self
    }

    /// The same with some lines that Temporal's UI shows of the workflow; they may have Markdown.
    pub fn with_static_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// The same with other options, several at once:
    /// `start.with_options(|options| options.cron_schedule = "@daily".to_owned())`.
    pub fn with_options(mut self, change: impl FnOnce(&mut StartOptions)) -> Self {
        change(&mut self.options);
        self
    }

    /// What happens if the ID is running, where the function says it.
    #[must_use]
    pub fn id_conflict_policy(&self) -> Option<IdConflictPolicy> {
        self.id_conflict_policy
    }

    /// How long the workflow waits before it begins.
    #[must_use]
    pub fn start_delay(&self) -> Option<Duration> {
        self.start_delay
    }

    /// What Temporal's UI shows of it in a line.
    #[must_use]
    pub fn static_summary(&self) -> Option<&str> {
        self.summary.as_deref()
    }

    /// What Temporal's UI shows of it in some lines.
    #[must_use]
    pub fn static_details(&self) -> Option<&str> {
        self.details.as_deref()
    }

    /// Whether an ID that is running makes the start fail.
    pub(crate) fn running_is_an_error(&self) -> bool {
        match self.id_conflict_policy {
            Some(policy) => policy == IdConflictPolicy::Fail,
            None => self.options.workflow_execution_error_when_already_started,
        }
    }
}

/// What is longer than Go's durations can say (292 years) is as long as they can.
fn nanos(duration: Duration) -> Nanos {
    duration.try_into().unwrap_or(Nanos::new(i64::MAX))
}
