//! The catalogue of a server of workflow clients (`GET /invoke`): what it can start, and what with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::params::{UnusableSchema, check_params};
use crate::read::from_json;
use crate::{Fault, TaskQueue, WorkflowParams, WorkflowType};

/// The workflow clients of a server.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Catalogue {
    /// The clients, by name.
    pub clients: Vec<CatalogueEntry>,
}

from_json!(Catalogue { "clients" => clients });

impl Catalogue {
    /// The client of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&CatalogueEntry> {
        self.clients.iter().find(|client| client.name == name)
    }
}

/// One workflow client. What it does not say is empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CatalogueEntry {
    /// Its name: the last segment of `POST /invoke/<name>`.
    pub name: String,
    /// What it does, for people.
    pub summary: String,
    /// The workflow type that it starts, where that is always the same.
    pub workflow_type: WorkflowType,
    /// The task queue that it starts on, whatever the intent says.
    pub task_queue: TaskQueue,
    /// The JSON Schemas of the parameters that it reads, by activity name. Those of other activities it leaves alone.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, serde_json::Value>))]
    pub params: BTreeMap<String, Value>,
    /// Whether a repeat under the same `Idempotency-Key` leads to the same run.
    pub idempotency_key: bool,
}

from_json!(CatalogueEntry {
    "name" => name,
    "summary" => summary,
    "workflowType" => workflow_type,
    "taskQueue" => task_queue,
    "params" => params,
    "idempotencyKey" => idempotency_key,
});

impl CatalogueEntry {
    /// What the client will find wrong with these parameters, by path below them.
    ///
    /// # Errors
    /// When one of the client's schemas cannot be used.
    pub fn check(&self, params: &WorkflowParams) -> Result<Vec<Fault>, UnusableSchema> {
        check_params(&self.params, params)
    }
}

/// What a workflow client says of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ClientStanding {
    /// It would take it.
    Accepted,
    /// It would refuse it: the intent is not, or no longer, what the client reads.
    Drifted,
    /// Nobody can say: the client is away, or has no catalogue.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    #[test]
    fn what_a_later_version_says_is_passed_over() {
        let body = br#"{"version": 2, "clients": [{"name": "migrate", "WORKFLOWTYPE": "Move", "params": {
            "all-activities": {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}},
            "signals": ["pause"]}]}"#;
        let catalogue = read::<Catalogue>(body).unwrap();
        assert_eq!(catalogue.unknown, ["$.version", "$.clients[0].signals"]);
        let client = catalogue.value.get("migrate").unwrap();
        assert_eq!((client.workflow_type.as_str(), client.idempotency_key), ("Move", false));
        let faults = client.check(&WorkflowParams::default()).unwrap();
        assert_eq!(faults, [Fault::new("$.activityParams.all-activities.count", "is missing")]);
        assert!(catalogue.value.get("other").is_none());
    }
}
