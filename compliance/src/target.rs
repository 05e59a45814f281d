//! The server under test.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use uuid::Uuid;

/// A workflow client, and how to test it.
#[derive(Clone)]
pub struct Target {
    pub(crate) url: String,
    pub(crate) client: String,
    pub(crate) spec: Value,
    pub(crate) task_queue: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) authorities: Option<Vec<u8>>,
    pub(crate) answers_within: Duration,
    pub(crate) patience: Duration,
    pub(crate) too_large: usize,
    pub(crate) backstage: Arc<dyn Backstage>,
}

/// What only the operator of the server can see or do. By default none of the methods does anything, and the clauses
/// that need them are not applicable.
#[async_trait]
pub trait Backstage: Send + Sync {
    /// Returns the number of runs of this workflow ID, if it can be seen.
    async fn runs(&self, workflow_id: &str) -> Option<usize> {
        let _ = workflow_id;
        None
    }

    /// Takes Temporal away from the server, or gives it back. Returns whether it did.
    async fn cut_temporal(&self, cut: bool) -> bool {
        let _ = cut;
        false
    }

    /// Drains the server: it finishes the requests in progress, and ends. Returns whether it did. No other clause is
    /// tested after that.
    async fn drain(&self) -> bool {
        false
    }

    /// Waits until the server has ended after that. Returns a description of the error if it did not end properly.
    async fn ended(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Implements nothing.
struct Nobody;

impl Backstage for Nobody {}

impl Target {
    /// Creates a target: the workflow client `client` of the server at `url`, such as `http://host:9090`.
    ///
    /// The requests are those of EMCO for an intent that sets only a task queue, which has no worker.
    pub fn new(url: impl Into<String>, client: impl Into<String>) -> Self {
        Self {
            url: url.into().trim_end_matches('/').to_owned(),
            client: client.into(),
            spec: json!({}),
            task_queue: None,
            token: None,
            authorities: None,
            answers_within: Duration::from_secs(10),
            patience: Duration::from_secs(30),
            too_large: 16 << 20,
            backstage: Arc::new(Nobody),
        }
    }

    /// Sends this `spec.temporal` of an intent, for clients that need parameters. Each start replaces its workflow ID
    /// by a new one. If it has no task queue, one without workers is used.
    #[must_use]
    pub fn with_spec(mut self, spec: Value) -> Self {
        self.spec = spec;
        self
    }

    /// Sends this task queue, unless the spec has one: a client that declares its queue refuses others.
    #[must_use]
    pub fn with_task_queue(mut self, queue: impl Into<String>) -> Self {
        self.task_queue = Some(queue.into());
        self
    }

    /// Sends this bearer token.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Trusts only these CA certificates (PEM) for TLS.
    #[must_use]
    pub fn with_authorities(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities = Some(pem.into());
        self
    }

    /// Sets the time within which the server must respond to a start. Default: 10 s. Other clauses wait for 30 s.
    #[must_use]
    pub fn answering_within(mut self, limit: Duration) -> Self {
        self.answers_within = limit;
        self
    }

    /// Sets what the operator of the server can see and do.
    #[must_use]
    pub fn with_backstage(mut self, backstage: impl Backstage + 'static) -> Self {
        self.backstage = Arc::new(backstage);
        self
    }

    /// Returns the body of a start under this ID, with every field that EMCO writes (EMCO-API §2.1).
    pub(crate) fn body(&self, workflow_id: &str) -> Value {
        let queue = self.task_queue.clone().unwrap_or_else(|| format!("compliance-{}", Uuid::new_v4()));
        let mut body = json!({
            "workflowClientName": self.client,
            "workflowStartOptions": {
                "ID": "", "TaskQueue": queue,
                // So that no workflow stays forever.
                "WorkflowExecutionTimeout": 600_000_000_000_u64, "WorkflowRunTimeout": 0, "WorkflowTaskTimeout": 0,
                "WorkflowIDReusePolicy": 0, "WorkflowExecutionErrorWhenAlreadyStarted": false, "RetryPolicy": null,
                "CronSchedule": "", "Memo": null, "SearchAttributes": null,
            },
            "workflowParams": {"activityOptions": {}, "activityParams": {}},
        });
        lay_over(&mut body, &self.spec);
        body["workflowStartOptions"]["ID"] = workflow_id.into();
        body
    }
}

/// Writes the members of `over` into `value`. Keys match as in Go's decoder.
fn lay_over(value: &mut Value, over: &Value) {
    match (value, over) {
        (Value::Object(fields), Value::Object(over)) => {
            for (name, over) in over {
                let known = fields.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
                lay_over(fields.entry(known.unwrap_or_else(|| name.clone())).or_insert(Value::Null), over);
            }
        }
        (value, over) => *value = over.clone(),
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("url", &self.url).field("client", &self.client).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_spec_lies_over_the_usual_one() {
        let target = Target::new("http://host/", "migrate").with_spec(json!({
            "workflowstartoptions": {"id": "theirs", "taskQueue": "q"},
            "workflowParams": {"activityParams": {"all-activities": {"app": "a"}}},
        }));
        let body = target.body("ours");
        assert_eq!(target.url, "http://host");
        assert_eq!(body["workflowStartOptions"]["ID"], "ours");
        assert_eq!(body["workflowStartOptions"]["TaskQueue"], "q");
        assert_eq!(body["workflowParams"]["activityParams"]["all-activities"]["app"], "a");
        assert_eq!(body["workflowParams"]["activityOptions"], json!({}));
    }
}
