//! `GET …/temporal-workflow-intents/{name}/check`: asks the workflow client of an intent to validate it.

use bridge_core::ClientCheck;
use bridge_core::model::IntentKey;
use serde::Serialize;
use utoipa::ToSchema;
use workflow_api::{ClientStanding, Fault};

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
}

impl From<ClientCheck> for CheckView {
    fn from(check: ClientCheck) -> Self {
        let standing = check.standing();
        match check {
            ClientCheck::Accepted => Self { standing, faults: Vec::new(), reason: None },
            ClientCheck::Drifted(faults) => Self { standing, faults, reason: None },
            ClientCheck::Unknown(reason) => Self { standing, faults: Vec::new(), reason: Some(reason) },
        }
    }
}

/// Ask the workflow client of an intent whether it accepts the intent
///
/// The parameters are validated against the client's catalogue. An intent that was valid when it was created
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
        })),
        Problems,
    ),
)]
pub(crate) async fn check_intent(call: Call<IntentKey>) -> Result<GoJson<CheckView>, ApiError> {
    Ok(GoJson(call.api.app.intents.check(&call.request, &call.key).await?.into()))
}
