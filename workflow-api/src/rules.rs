//! The rules for a valid intent: EMCO's name rule (EMCO-API §0.4), and what a start needs.

use std::net::Ipv6Addr;

use crate::faults::Faults;
use crate::identity::IDENTITY_MAX;
use crate::read::child;
use crate::{
    ActivityOptions, Fault, Nanos, RetryPolicy, TemporalSpec, WorkflowIntent, cut, template, to_go_json,
};

/// The wait before the first retry if the policy does not set it: Temporal's default.
const DEFAULT_INITIAL_INTERVAL: Nanos = Nanos::new(1_000_000_000);

/// The longest request, in bytes, that workflow clients accept, and the longest argument that Temporal accepts.
const REQUEST_MAX: usize = 2 << 20;

/// The longest name that EMCO accepts.
pub const NAME_MAX: usize = 128;

/// Whether EMCO accepts `text` as the name of a resource: 1 to 128 letters, digits, `-`, `_` and `.`, with a letter or
/// digit at both ends (EMCO-API §0.4).
#[must_use]
pub fn is_name(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= NAME_MAX
        && ends(text.chars().next())
        && ends(text.chars().last())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Whether `text` can name a workflow client: letters, digits, `_` and `-` (EMCO-API §2.3).
#[must_use]
pub fn is_client_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// Whether `text` is a bare host: a name, an IPv4 address or an IPv6 address without brackets.
#[must_use]
pub fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    text.parse::<Ipv6Addr>().is_ok()
        || (text.len() <= 253
            && !text.is_empty()
            && text.strip_suffix('.').unwrap_or(text).split('.').all(label))
}

impl WorkflowIntent {
    /// Returns the faults for which this intent cannot be registered or started. Empty if it is valid.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Checks(Faults::default());
        faults.name("$.metadata.name", &self.metadata.name);
        faults.client(self);
        faults.start_options(self);
        for (activity, options) in &self.spec.temporal.workflow_params.activity_options {
            faults.activity_options(
                &child("$.spec.temporal.workflowParams.activityOptions", activity),
                options,
            );
        }
        if let Some(fault) = self.spec.temporal.length_fault("$.spec.temporal") {
            faults.0.push(|| fault);
        }
        faults.0.into_list()
    }
}

impl TemporalSpec {
    /// Returns the fault of a request that is too long for workflow clients and for Temporal. `path` is its JSON path.
    #[must_use]
    pub fn length_fault(&self, path: &str) -> Option<Fault> {
        let length = to_go_json(self).len();
        (length > REQUEST_MAX).then(|| {
            Fault::new(
                path,
                format!(
                    "has {length} bytes in the request to the workflow client, where each of `<`, `>` and `&` has \
                     6 bytes: clients and Temporal accept at most {REQUEST_MAX}"
                ),
            )
        })
    }
}

impl ActivityOptions {
    /// Returns the faults for which Temporal would refuse these options, which are at the JSON path `path`. Empty if
    /// they are valid.
    #[must_use]
    pub fn faults(&self, path: &str) -> Vec<Fault> {
        let mut faults = Checks(Faults::default());
        faults.activity_options(path, self);
        faults.0.into_list()
    }
}

struct Checks(Faults);

impl Checks {
    fn unless(&mut self, right: bool, path: impl Into<String>, message: impl Into<String>) {
        if !right {
            self.0.push(|| Fault::new(path, message));
        }
    }

    fn name(&mut self, path: &str, name: &str) {
        self.unless(
            is_name(name),
            path,
            format!(
                "`{}` is not a name: write 1 to {NAME_MAX} letters, digits, `-`, `_` or `.`, \
                 with a letter or digit at both ends",
                cut(name)
            ),
        );
    }

    fn client(&mut self, intent: &WorkflowIntent) {
        let endpoint = &intent.spec.workflow_client;
        let host = &endpoint.client_endpoint_name;
        self.unless(
            is_host(host),
            "$.spec.workflowClient.clientEndpointName",
            if host.is_empty() {
                "is missing: write the host of the workflow client".to_owned()
            } else {
                format!(
                    "`{}` is not a host: write a bare host name or address, without scheme, port or path",
                    cut(host)
                )
            },
        );
        let port = endpoint.client_endpoint_port;
        self.unless(
            (1..=65535).contains(&port),
            "$.spec.workflowClient.clientEndpointPort",
            format!("{port} is not a port: write 1 to 65535"),
        );
        let name = &intent.spec.temporal.workflow_client_name;
        self.unless(
            is_client_name(name),
            "$.spec.temporal.workflowClientName",
            if name.is_empty() {
                "is missing: write the name of the workflow client".to_owned()
            } else {
                format!("`{}` is not a workflow client: write letters, digits, `_` and `-`", cut(name))
            },
        );
    }

    fn start_options(&mut self, intent: &WorkflowIntent) {
        let options = &intent.spec.temporal.workflow_start_options;
        let at = |field: &str| format!("$.spec.temporal.workflowStartOptions.{field}");
        self.unless(
            !options.id.is_empty(),
            at("ID"),
            "is missing: write the workflow ID, or `{{uuid}}` for a new workflow with each start",
        );
        for fault in template::faults(&at("ID"), options.id.as_str()) {
            self.0.push(|| fault);
        }
        self.unless(
            !options.task_queue.is_empty(),
            at("TaskQueue"),
            "is missing: write the worker's task queue",
        );
        self.identity(at("TaskQueue"), options.task_queue.as_str());
        for (field, value) in [
            ("WorkflowExecutionTimeout", options.workflow_execution_timeout),
            ("WorkflowRunTimeout", options.workflow_run_timeout),
            ("WorkflowTaskTimeout", options.workflow_task_timeout),
        ] {
            self.not_negative(at(field), value);
        }
        if let Some(policy) = &options.retry_policy {
            self.retry_policy(&at("RetryPolicy"), policy);
        }
    }

    fn activity_options(&mut self, path: &str, options: &ActivityOptions) {
        for (field, value) in [
            ("ScheduleToCloseTimeout", options.schedule_to_close_timeout),
            ("ScheduleToStartTimeout", options.schedule_to_start_timeout),
            ("StartToCloseTimeout", options.start_to_close_timeout),
            ("HeartbeatTimeout", options.heartbeat_timeout),
        ] {
            self.not_negative(format!("{path}.{field}"), value);
        }
        for (field, identity) in
            [("TaskQueue", options.task_queue.as_str()), ("ActivityID", options.activity_id.as_str())]
        {
            self.identity(format!("{path}.{field}"), identity);
        }
        if let Some(policy) = &options.retry_policy {
            self.retry_policy(&format!("{path}.RetryPolicy"), policy);
        }
    }

    /// Checks what Temporal and the databases accept as an identity.
    fn identity(&mut self, path: String, identity: &str) {
        self.unless(
            identity.len() <= IDENTITY_MAX,
            path.as_str(),
            format!("is {} bytes long; Temporal takes {IDENTITY_MAX}", identity.len()),
        );
        self.unless(!identity.contains('\0'), path, "has a NUL character: write it without");
    }

    /// Checks Temporal's rules for a retry policy, in which zero stands for the default.
    fn retry_policy(&mut self, path: &str, policy: &RetryPolicy) {
        self.not_negative(format!("{path}.InitialInterval"), policy.initial_interval);
        self.not_negative(format!("{path}.MaximumInterval"), policy.maximum_interval);
        let initial = if policy.initial_interval.is_zero() {
            DEFAULT_INITIAL_INTERVAL
        } else {
            policy.initial_interval
        };
        let maximum = policy.maximum_interval;
        self.unless(
            maximum.get() <= 0 || maximum >= initial,
            format!("{path}.MaximumInterval"),
            format!(
                "{} ns is shorter than InitialInterval, {} ns: write at least that, or 0 for a hundred times that",
                maximum.get(),
                initial.get(),
            ),
        );
        let coefficient = policy.backoff_coefficient;
        self.unless(
            coefficient == 0.0 || coefficient >= 1.0,
            format!("{path}.BackoffCoefficient"),
            format!("{coefficient} is too small: write at least 1, or 0 for the default of 2"),
        );
        let attempts = policy.maximum_attempts;
        self.unless(
            attempts >= 0,
            format!("{path}.MaximumAttempts"),
            format!("{attempts} is negative: write at least 1, or 0 for no bound"),
        );
    }

    fn not_negative(&mut self, path: String, value: Nanos) {
        self.unless(value.get() >= 0, path, format!("{} ns is negative: write 0 for none", value.get()));
    }
}
