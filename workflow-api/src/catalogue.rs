//! The catalogue of a server of workflow clients (`GET /invoke`): the clients, the parameters that they read, and what
//! can be sent to their workflows.

mod messages;
mod undeclared;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::declaration::{Argument, Declaration, Message};
use crate::faults::bounded;
use crate::params::{UnusableSchema, check_params, each_once};
use crate::read::object;
use crate::{Fault, TaskQueue, TemporalSpec, WorkflowType};

pub use messages::MessageKind;
pub use undeclared::undeclared;

object! {
    /// The workflow clients of a server.
    pub struct Catalogue {
        /// The clients, by name.
        "clients" => clients: Vec<CatalogueEntry>,
    }
}

impl Catalogue {
    /// Returns the client of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&CatalogueEntry> {
        self.clients.iter().find(|client| client.name == name)
    }
}

object! {
    /// One workflow client. What its server does not give is empty or absent.
    pub struct CatalogueEntry {
        /// Its name: the last segment of `POST /invoke/<name>`.
        "name" => name: String,
        /// What it does, for people.
        "summary" => summary: String,
        /// The workflow type that it starts, where that is always the same.
        "workflowType" => workflow_type: WorkflowType,
        /// The task queue that it starts on. It refuses an intent with another one.
        "taskQueue" => task_queue: TaskQueue,
        /// The JSON Schemas of the parameters that it reads, by activity name.
        #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, serde_json::Value>))]
        "params" => params: BTreeMap<String, Value>,
        /// Whether a repeat under the same `Idempotency-Key` leads to the same run.
        "idempotencyKey" => idempotency_key: bool,
        /// The names of the workflow's activities. Absent: not declared.
        #[serde(skip_serializing_if = "Option::is_none")]
        "activities" => activities: Option<Vec<String>>,
        /// The signals that the workflow handles, by name. Absent: not declared.
        #[serde(skip_serializing_if = "Option::is_none")]
        "signals" => signals: Option<BTreeMap<String, MessageEntry>>,
        /// The updates that the workflow handles, by name. Absent: not declared.
        #[serde(skip_serializing_if = "Option::is_none")]
        "updates" => updates: Option<BTreeMap<String, MessageEntry>>,
        /// The queries that the workflow answers, by name. Absent: not declared.
        #[serde(skip_serializing_if = "Option::is_none")]
        "queries" => queries: Option<BTreeMap<String, MessageEntry>>,
    }
}

object! {
    /// A signal, update or query.
    pub struct MessageEntry {
        /// The JSON Schemas of its arguments, in order. Absent: it takes any.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<serde_json::Value>>))]
        "args" => args: Option<Vec<Value>>,
    }
}

impl MessageEntry {
    fn of(message: &Message) -> Self {
        let schema = |argument: &Argument| argument.schema().json().clone();
        Self { args: message.args().map(|args| args.iter().map(schema).collect()) }
    }
}

impl CatalogueEntry {
    /// Sets what is declared of the workflow.
    #[must_use]
    pub fn declaring(self, declaration: &Declaration) -> Self {
        let messages = |messages: &[Message]| {
            Some(
                messages
                    .iter()
                    .map(|message| (message.name().to_owned(), MessageEntry::of(message)))
                    .collect(),
            )
        };
        Self {
            workflow_type: declaration.workflow.into(),
            activities: Some(declaration.activities.iter().map(|name| (*name).to_owned()).collect()),
            signals: messages(declaration.signals),
            updates: messages(declaration.updates),
            queries: messages(declaration.queries),
            ..self
        }
    }

    /// Returns the faults for which the client would refuse to start this, by path below the spec.
    ///
    /// # Errors
    /// When one of the client's schemas cannot be used.
    pub fn check(&self, spec: &TemporalSpec) -> Result<Vec<Fault>, UnusableSchema> {
        let read: Vec<_> = self.params.keys().map(String::as_str).collect();
        let activities: Option<Vec<_>> =
            self.activities.as_ref().map(|names| names.iter().map(String::as_str).collect());
        let mut faults = undeclared(spec, &self.task_queue, activities.as_deref(), &read);
        let of_params = check_params(&self.params, &spec.workflow_params)?;
        faults.extend(of_params.into_iter().map(|fault| fault.below("$.workflowParams")));
        Ok(bounded(each_once(faults)))
    }
}

/// Whether a workflow client accepts an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ClientStanding {
    /// The client accepts it.
    Accepted,
    /// The client would refuse it: the intent does not, or no longer, match what the client reads.
    Drifted,
    /// Unknown: the client does not respond, or has no catalogue.
    Unknown,
}
