//! Who may do what.

use std::collections::BTreeSet;
use std::fmt;

use workflow_api::WorkflowIntentSpec;

use super::action::{Action, Resource};
use crate::model::{DigKey, IntentKey};
use crate::request::Request;

/// Decides which actions are allowed.
pub trait Gate: fmt::Debug + Send + Sync {
    /// Decides whether the actor of a request may do this. For an intent that does not exist the answer is that for
    /// one that does, so that a denial reveals nothing.
    ///
    /// # Errors
    /// Returns the reason for the denial, as part of a sentence.
    fn decide(&self, request: &Request, action: Action, resource: &Resource<'_>) -> Result<Ground, String>;

    /// Decides whether the actor may name this while it does what [`decide`](Self::decide) has allowed.
    ///
    /// # Errors
    /// Returns the reason for the denial, as part of a sentence.
    fn may_name(
        &self,
        request: &Request,
        action: Action,
        resource: &Resource<'_>,
        named: &Named<'_>,
    ) -> Result<Ground, String>;

    /// Returns whether the actor may do this with each of these intents of one group, as [`decide`](Self::decide)
    /// would.
    fn allows_each(&self, request: &Request, action: Action, intents: &[IntentKey]) -> Vec<bool> {
        let allows = |key| self.decide(request, action, &Resource::Intent(key)).is_ok();
        intents.iter().map(allows).collect()
    }

    /// Returns the intents of a group among which are all that the actor may see. The gate is still asked about each.
    fn visible(&self, request: &Request, dig: &DigKey) -> Visible;

    /// Decides whether the actor of a request may do this with anything at all. It is asked about each item then.
    ///
    /// # Errors
    /// Returns the reason for the denial, as part of a sentence.
    fn somewhere(&self, request: &Request, action: Action) -> Result<Ground, String> {
        self.decide(request, action, &Resource::Bridge)
    }

    /// Returns a number that changes when the rights do.
    fn edition(&self) -> u64 {
        0
    }
}

/// Why something is allowed. Empty if everything is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// The name of the binding that allows it.
    pub binding: Option<String>,
    /// The role that the binding gives.
    pub role: Option<&'static str>,
}

/// What an intent or a call names beyond the intent itself. `None`: nothing that could be denied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Named<'a> {
    /// The workflow client of an intent: `host:port/name`.
    pub client: Option<&'a str>,
    /// A task queue of an intent.
    pub task_queue: Option<&'a str>,
    /// The workflow ID of an intent or of a start.
    pub workflow: Option<&'a str>,
    /// A workflow that none of the intent's starts has made.
    pub other_workflow: Option<&'a str>,
    /// Another server than the configured one, as `host:port`.
    pub server: Option<&'a str>,
    /// Another namespace than the configured one.
    pub namespace: Option<&'a str>,
}

/// Intents of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// All intents.
    All,
    /// Those with one of these names, in which `*` stands for any text.
    Like(BTreeSet<String>),
}

/// A gate that allows everything. Authentication has decided before who may connect.
#[derive(Debug, Clone, Copy, Default)]
pub struct Open;

impl Gate for Open {
    fn decide(&self, _: &Request, _: Action, _: &Resource<'_>) -> Result<Ground, String> {
        Ok(Ground::default())
    }

    fn may_name(&self, _: &Request, _: Action, _: &Resource<'_>, _: &Named<'_>) -> Result<Ground, String> {
        Ok(Ground::default())
    }

    fn visible(&self, _: &Request, _: &DigKey) -> Visible {
        Visible::All
    }
}

/// Returns the workflow client of an intent as rights name it: `host:port/name`.
pub(crate) fn client_named(spec: &WorkflowIntentSpec) -> String {
    let endpoint = &spec.workflow_client;
    // Names of hosts are the same in any case, and with the root's dot.
    let host = endpoint.client_endpoint_name.to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    format!("{host}:{}/{}", endpoint.client_endpoint_port, spec.temporal.workflow_client_name)
}

/// The workflow client, the task queues and the workflow ID in an intent's document.
#[derive(Debug)]
pub(super) struct NamesOf<'a> {
    client: String,
    task_queues: BTreeSet<&'a str>,
    workflow: &'a str,
}

impl<'a> NamesOf<'a> {
    pub(super) fn new(spec: &'a WorkflowIntentSpec) -> Self {
        let temporal = &spec.temporal;
        let options = &temporal.workflow_start_options;
        let of_activities = temporal.workflow_params.activity_options.values();
        let of_activities = of_activities.map(|options| options.task_queue.as_str());
        // An activity without a queue of its own runs on that of the workflow.
        let of_activities = of_activities.filter(|queue| !queue.is_empty());
        Self {
            client: client_named(spec),
            task_queues: of_activities.chain([options.task_queue.as_str()]).collect(),
            workflow: options.id.as_str(),
        }
    }

    /// Returns the names in questions, each with one task queue.
    pub(super) fn each(&self) -> impl Iterator<Item = Named<'_>> {
        self.task_queues.iter().map(|queue| Named {
            client: Some(&self.client),
            task_queue: Some(queue),
            workflow: Some(self.workflow),
            ..Named::default()
        })
    }
}
