//! `GET …/temporal-workflow-intents/{name}/check`: asks the workflow client of an intent to validate it.

use bridge_core::model::IntentKey;
use bridge_core::{ClientAnswer, ClientCheck};
use serde::Serialize;
use utoipa::ToSchema;
use workflow_api::{CatalogueEntry, ClientStanding, Fault};

use crate::problem::ApiError;
use crate::problem::kinds::problems;
use crate::wire::answer::GoJson;
use crate::wire::call::Call;
use crate::wire::path::{self, DigPath, IntentPath};

problems!(Problems, [NO_SUCH_INTENT]);

/// The result of a validation by the workflow client.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckView {
    /// Whether the client accepts the intent.
    standing: ClientStanding,
    /// The faults that the client would reject, by path in the intent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<Fault>,
    /// Why the result is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What the client declares: the parameters that it reads, the activities of its workflow, and the signals,
    /// updates and queries that can be sent to it, with JSON Schemas of their arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<CatalogueEntry>,
}

impl From<ClientAnswer> for CheckView {
    fn from(ClientAnswer { check, client }: ClientAnswer) -> Self {
        let standing = check.standing();
        let (faults, reason) = match check {
            ClientCheck::Accepted => (Vec::new(), None),
            ClientCheck::Drifted(faults) => (faults, None),
            ClientCheck::Unknown(reason) => (Vec::new(), Some(reason)),
        };
        Self { standing, faults, reason, client }
    }
}

/// Ask the workflow client of an intent whether it accepts the intent
///
/// The intent is validated against the client's catalogue. An intent that was valid when it was created
/// can drift when its client changes. Nothing is started.
#[utoipa::path(
    get,
    path = path::CHECK,
    tag = "workflow intents",
    params(DigPath, IntentPath),
    responses(
        (status = 200, description = "The result", body = CheckView, example = json!({
            "standing": "Drifted",
            "faults": [{
                "path": "$.spec.temporal.workflowParams.activityParams.all-activities.targetCluster",
                "message": "is not known; did you mean `targetClusterName`?",
            }],
            "client": {
                "name": "migrate_workflowclient", "summary": "Moves apps", "workflowType": "EmcoMigrateWorkflow",
                "taskQueue": "MIGRATION_TASK_Q", "idempotencyKey": true, "activities": ["DoDigUpdate"],
                "params": {"all-activities": {"type": "object", "properties": {"targetClusterName": {"type": "string"}}}},
                "signals": {"stop": {"args": [{"type": "string"}]}}, "updates": {}, "queries": {"current-state": {}},
            },
        })),
        Problems,
    ),
)]
pub(crate) async fn check_intent(call: Call<IntentKey>) -> Result<GoJson<CheckView>, ApiError> {
    Ok(GoJson(call.api.app.intents.check(&call.request, &call.key, None).await?.into()))
}
