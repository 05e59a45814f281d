//! The catalogue of a server of workflow clients (`GET /invoke`): the clients, and the parameters that they read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::params::{UnusableSchema, check_params};
use crate::read::object;
use crate::{Fault, TaskQueue, WorkflowParams, WorkflowType};

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
    /// One workflow client. What its server does not give is empty.
    pub struct CatalogueEntry {
        /// Its name: the last segment of `POST /invoke/<name>`.
        "name" => name: String,
        /// What it does, for people.
        "summary" => summary: String,
        /// The workflow type that it starts, where that is always the same.
        "workflowType" => workflow_type: WorkflowType,
        /// The task queue that it starts on, whatever the intent has.
        "taskQueue" => task_queue: TaskQueue,
        /// The JSON Schemas of the parameters that it reads, by activity name. It ignores parameters of other
        /// activities.
        #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, serde_json::Value>))]
        "params" => params: BTreeMap<String, Value>,
        /// Whether a repeat under the same `Idempotency-Key` leads to the same run.
        "idempotencyKey" => idempotency_key: bool,
    }
}

impl CatalogueEntry {
    /// Returns the faults for which the client would refuse these parameters, by path below them.
    ///
    /// # Errors
    /// When one of the client's schemas cannot be used.
    pub fn check(&self, params: &WorkflowParams) -> Result<Vec<Fault>, UnusableSchema> {
        check_params(&self.params, params)
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
