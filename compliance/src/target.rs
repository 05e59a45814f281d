//! Who is asked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use uuid::Uuid;

/// A workflow client, and what is known of it.
#[derive(Clone)]
pub struct Target {
    pub(crate) url: String,
    pub(crate) client: String,
    pub(crate) spec: Value,
    pub(crate) token: Option<String>,
    pub(crate) authorities: Option<Vec<u8>>,
    pub(crate) answers_within: Duration,
    pub(crate) patience: Duration,
    pub(crate) too_large: usize,
    pub(crate) backstage: Arc<dyn Backstage>,
}

/// What only those can see or do who run the server, or what is behind it. Each is something that cannot be done unless it is
/// written; the clauses that need it are then not applicable.
#[async_trait]
pub trait Backstage: Send + Sync {
    /// How many runs of this workflow ID there are.
    async fn runs(&self, workflow_id: &str) -> Option<usize> {
        let _ = workflow_id;
        None
    }

    /// Takes Temporal away from the server, or gives it back. Answers whether it did.
    async fn cut_temporal(&self, cut: bool) -> bool {
        let _ = cut;
        false
    }

    /// Asks the server to drain: to finish what is under way, and to end. Answers whether it did. Nothing is asked after that.
    async fn drain(&self) -> bool {
        false
    }

    /// Ends when the server has ended after that, with a sentence if it did not end as it should.
    async fn ended(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Sees nothing and can do nothing.
struct Nobody;

impl Backstage for Nobody {}

impl Target {
    /// The workflow client `client` of the server at `url`: `http://host:9090`.
    ///
    /// It is sent what EMCO sends for an intent that gives nothing but a task queue, on which no worker listens.
    pub fn new(url: impl Into<String>, client: impl Into<String>) -> Self {
        Self {
            url: url.into().trim_end_matches('/').to_owned(),
            client: client.into(),
            spec: json!({}),
            token: None,
            authorities: None,
            answers_within: Duration::from_secs(10),
            patience: Duration::from_secs(30),
            too_large: 16 << 20,
            backstage: Arc::new(Nobody),
        }
    }

    /// The same, sent this `spec.temporal` of an intent: for clients that want parameters. Its workflow ID is replaced by one of
    /// our own for each start, and a task queue without workers is written where it has none.
    #[must_use]
    pub fn with_spec(mut self, spec: Value) -> Self {
        self.spec = spec;
        self
    }

    /// The same, sent this bearer token.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The same over TLS, vouched for by these certificates (PEM) and no others.
    #[must_use]
    pub fn with_authorities(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities = Some(pem.into());
        self
    }

    /// The same, having to answer a start within this time: 10 s. Clauses on other things wait for 30 s.
    #[must_use]
    pub fn answering_within(mut self, limit: Duration) -> Self {
        self.answers_within = limit;
        self
    }

    /// The same, with somebody behind the stage.
    #[must_use]
    pub fn with_backstage(mut self, backstage: impl Backstage + 'static) -> Self {
        self.backstage = Arc::new(backstage);
        self
    }

    /// The body of a start under this ID, with every field that EMCO writes (EMCO-API §2.1).
    pub(crate) fn body(&self, workflow_id: &str) -> Value {
        let mut body = json!({
            "workflowClientName": self.client,
            "workflowStartOptions": {
                "ID": "", "TaskQueue": format!("compliance-{}", Uuid::new_v4()),
                // So that nothing is left behind for ever.
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

/// Writes what `over` gives into `value`, keys matching as Go's decoder matches them.
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
