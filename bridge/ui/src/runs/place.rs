//! The run that a page is about.

use axum::extract::FromRequestParts;
use axum::response::Response;
use bridge_core::Addressee;
use bridge_core::model::IntentKey;
use http::request::Parts;
use workflow_api::{RunId, RunReference, WorkflowId};

use crate::fields::Fields;
use crate::link;
use crate::visit::OfIntent;

/// A run of the workflow of an intent. Without a workflow ID it is the intent's last one, without a run ID the latest.
#[derive(Debug, Clone)]
pub(crate) struct RunPlace {
    pub(crate) intent: IntentKey,
    pub(crate) workflow_id: WorkflowId,
    pub(crate) run_id: RunId,
}

impl<S: Send + Sync> FromRequestParts<S> for RunPlace {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let OfIntent(intent) = OfIntent::from_request_parts(parts, state).await?;
        let query = Fields::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let (workflow_id, run_id) = (query.exact("workflow").into(), query.exact("run").into());
        Ok(Self { intent, workflow_id, run_id })
    }
}

impl RunPlace {
    pub(crate) fn addressee(&self) -> Addressee {
        let run = RunReference {
            workflow_id: self.workflow_id.clone(),
            run_id: self.run_id.clone(),
            ..RunReference::default()
        };
        Addressee { intent: self.intent.clone(), run }
    }

    /// Returns the page of the run; with a word about what was done there.
    pub(crate) fn link(&self, done: &str) -> String {
        self.page("", &[("done", done)])
    }

    /// Returns a page about the run.
    pub(crate) fn below(&self, page: &str) -> String {
        self.page(page, &[])
    }

    /// Returns a page about the run, with more parameters.
    pub(crate) fn page(&self, page: &str, more: &[(&str, &str)]) -> String {
        let names = [("workflow", self.workflow_id.as_str()), ("run", self.run_id.as_str())];
        let slash = if page.is_empty() { "" } else { "/" };
        link::of_intent(&self.intent, &format!("run{slash}{page}"), &[&names, more].concat())
    }

    /// Returns the page of the intent.
    pub(crate) fn intent_link(&self) -> String {
        link::intent(&self.intent)
    }
}
