//! `GET /v2/rights`: what the caller may do.

use axum::response::{IntoResponse, Response};
use bridge_core::Right;
use bridge_core::access::{Action, Ground, Resource};
use bridge_core::model::{DigKey, IntentKey};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use workflow_api::rules::is_name;

use crate::problem::ApiError;
use crate::wire::answer::GoJson;
use crate::wire::call::Call;
use crate::wire::params::invalid;
use crate::wire::path;

/// Parameters of the question.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct RightsParams {
    /// A deployment intent group, `project/app/version/group`, an intent in it, `project/app/version/group/intent`, a
    /// project, or `**` for everything. It need not exist.
    #[param(required = true, example = "proj1/capp1/v1/dig1/dig1-workflow-intent")]
    scope: String,
    /// The only verb that is asked about.
    #[param(example = "cancel")]
    verb: Option<String>,
}

/// Whether the caller may do something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RightView {
    /// The verb.
    verb: &'static str,
    /// Whether it is allowed now.
    allowed: bool,
    /// What allows it; absent if it is denied, or if every caller may do everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<GroundView>,
    /// The nearest reason why it is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What allows something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroundView {
    /// The name of the binding.
    binding: String,
    /// The role that the binding gives.
    role: &'static str,
}

impl From<Right> for RightView {
    fn from(Right { action, decision }: Right) -> Self {
        let verb = action.word();
        match decision {
            Ok(Ground { binding, role }) => {
                let by = binding.zip(role).map(|(binding, role)| GroundView { binding, role });
                Self { verb, allowed: true, by, reason: None }
            }
            Err(reason) => Self { verb, allowed: false, by: None, reason: Some(reason) },
        }
    }
}

/// The two bodies of a 200.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the two responses of the handler")]
enum RightOrRights {
    Right(RightView),
    Rights(Vec<RightView>),
}

/// What is asked about.
enum Asked {
    Everything,
    Project(String),
    Group(DigKey),
    Intent(IntentKey),
}

impl Asked {
    fn resource(&self) -> Resource<'_> {
        match self {
            Self::Everything => Resource::Bridge,
            Self::Project(name) => Resource::Project(name),
            Self::Group(key) => Resource::Group(key),
            Self::Intent(key) => Resource::Intent(key),
        }
    }
}

impl RightsParams {
    fn asked(&self) -> Result<Asked, ApiError> {
        match self.scope.split('/').collect::<Vec<_>>()[..] {
            ["**"] => Ok(Asked::Everything),
            [project] if is_name(project) => Ok(Asked::Project(project.to_owned())),
            [project, app, version, dig] => Ok(Asked::Group(DigKey::new(project, app, version, dig))),
            [project, app, version, dig, intent] => {
                Ok(Asked::Intent(DigKey::new(project, app, version, dig).intent(intent)))
            }
            _ => Err(invalid(
                "scope",
                "write project/app/version/group, and the intent behind it if you mean one; or a project, or **",
            )),
        }
    }

    fn actions(&self) -> Result<Vec<Action>, ApiError> {
        let Some(verb) = &self.verb else { return Ok(Action::ALL.to_vec()) };
        let found = Action::ALL.into_iter().find(|action| action.word() == verb);
        let known = || Action::ALL.map(Action::word).join(", ");
        found
            .map(|action| vec![action])
            .ok_or_else(|| invalid("verb", &format!("is not known: write one of {}", known())))
    }
}

/// Ask what you may do
///
/// Returns each verb with the binding that allows it, or with the nearest reason why it is denied; with `verb`, only
/// that one. For a group or a project, a verb on intents is allowed if it is allowed on all intents there. A verb on
/// rules is about the project. The answer is about the caller only, and does not depend on whether something exists.
#[utoipa::path(
    get,
    path = path::RIGHTS,
    tag = "rights",
    params(RightsParams),
    responses((status = 200, description = "The rights, or the one right", body = RightOrRights, examples(
        ("all" = (value = json!([
            {"verb": "start", "allowed": true, "by": {"binding": "operators", "role": "operator"}},
            {"verb": "terminate", "allowed": false, "reason": "the binding `operators` gives the role operator, which does not include it"},
        ]))),
        ("one" = (value = json!({"verb": "cancel", "allowed": true, "by": {"binding": "operators", "role": "operator"}}))),
    ))),
)]
pub(crate) async fn my_rights(call: Call<(), RightsParams>) -> Result<Response, ApiError> {
    let (asked, actions) = (call.params.asked()?, call.params.actions()?);
    let rights = call.api.app.rights.of(&call.request, asked.resource(), &actions);
    let mut rights: Vec<RightView> = rights.into_iter().map(Into::into).collect();
    match (call.params.verb, rights.pop()) {
        (Some(_), Some(right)) => Ok(GoJson(right).into_response()),
        (_, last) => {
            rights.extend(last);
            Ok(GoJson(rights).into_response())
        }
    }
}
