//! Options of a start.

use std::time::Duration;

use serde::Serialize;
use workflow_api::{IdReusePolicy, Nanos, RetryPolicy, StartOptions};

use super::WorkflowStart;

/// What happens if the workflow ID is already running.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum IdConflictPolicy {
    /// Nothing is started, and the response names the existing run.
    #[default]
    UseExisting,
    /// The start is an error (409).
    Fail,
    /// The existing run is terminated, and a new one is started.
    TerminateExisting,
}

/// Options that the function does not set are those of the intent.
impl WorkflowStart {
    /// Sets the timeout of the whole execution, with retries and continue-as-new; zero for none.
    pub fn with_execution_timeout(mut self, timeout: Duration) -> Self {
        self.options.workflow_execution_timeout = nanos(timeout);
        self
    }

    /// Sets the timeout of one run; zero for none.
    pub fn with_run_timeout(mut self, timeout: Duration) -> Self {
        self.options.workflow_run_timeout = nanos(timeout);
        self
    }

    /// Sets the timeout of one workflow task; zero for the server's 10 s.
    pub fn with_task_timeout(mut self, timeout: Duration) -> Self {
        self.options.workflow_task_timeout = nanos(timeout);
        self
    }

    /// Sets whether the ID of a closed workflow may be used again.
    pub fn with_id_reuse_policy(mut self, policy: IdReusePolicy) -> Self {
        self.options.workflow_id_reuse_policy = policy;
        self
    }

    /// Sets whether it is an error (409) if the workflow ID is running: the option
    /// `WorkflowExecutionErrorWhenAlreadyStarted` of Go's SDK.
    pub fn error_when_already_started(mut self, error: bool) -> Self {
        self.options.workflow_execution_error_when_already_started = error;
        self
    }

    /// Sets what happens if the workflow ID is running. It has precedence over [`Self::error_when_already_started`].
    pub fn with_id_conflict_policy(mut self, policy: IdConflictPolicy) -> Self {
        self.id_conflict_policy = Some(policy);
        self
    }

    /// Sets the retry policy of the workflow as a whole.
    pub fn with_retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.options.retry_policy = Some(policy);
        self
    }

    /// Sets the cron schedule; empty for none.
    pub fn with_cron_schedule(mut self, schedule: impl Into<String>) -> Self {
        self.options.cron_schedule = schedule.into();
        self
    }

    /// Adds or replaces an entry of the memo.
    pub fn with_memo(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        if let Some(value) = self.json(value, || format!("memo `{name}`")) {
            self.options.memo.get_or_insert_default().insert(name, value);
        }
        self
    }

    /// Adds or replaces a search attribute. It must be registered in Temporal.
    pub fn with_search_attribute(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        if let Some(value) = self.json(value, || format!("search attribute `{name}`")) {
            self.options.search_attributes.get_or_insert_default().insert(name, value);
        }
        self
    }

    /// Sets how long the workflow waits before it begins. Not possible together with a cron schedule.
    pub fn with_start_delay(mut self, delay: Duration) -> Self {
        self.start_delay = Some(delay);
        self
    }

    /// Sets the summary, one line that Temporal's UI shows for the workflow. It may contain Markdown.
    pub fn with_static_summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = Some(summary.into());
        self
    }

    /// Sets the details, several lines that Temporal's UI shows for the workflow. They may contain Markdown.
    pub fn with_static_details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// Changes several options at once:
    /// `start.with_options(|options| options.cron_schedule = "@daily".to_owned())`.
    pub fn with_options(mut self, change: impl FnOnce(&mut StartOptions)) -> Self {
        change(&mut self.options);
        self
    }

    /// What happens if the workflow ID is running, if the function set it.
    #[must_use]
    pub fn id_conflict_policy(&self) -> Option<IdConflictPolicy> {
        self.id_conflict_policy
    }

    /// The delay before the workflow begins.
    #[must_use]
    pub fn start_delay(&self) -> Option<Duration> {
        self.start_delay
    }

    /// The summary that Temporal's UI shows.
    #[must_use]
    pub fn static_summary(&self) -> Option<&str> {
        self.summary.as_deref()
    }

    /// The details that Temporal's UI shows.
    #[must_use]
    pub fn static_details(&self) -> Option<&str> {
        self.details.as_deref()
    }

    /// Whether the start fails if the workflow ID is running.
    pub(crate) fn running_is_an_error(&self) -> bool {
        match self.id_conflict_policy {
            Some(policy) => policy == IdConflictPolicy::Fail,
            None => self.options.workflow_execution_error_when_already_started,
        }
    }
}

/// Converts the duration. A duration over 292 years, the most that Go's type holds, becomes that.
fn nanos(duration: Duration) -> Nanos {
    duration.try_into().unwrap_or(Nanos::new(i64::MAX))
}
