//! The workflow intent (EMCO-API §1.2): what an administrator registers under a deployment intent group.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::read::from_json;
use crate::{ActivityOptions, StartOptions, to_go_json, to_go_text};

/// A workflow intent: which workflow client to ask for which workflow, with what.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkflowIntent {
    /// Its name and what people say of it.
    pub metadata: Metadata,
    /// What it does.
    pub spec: WorkflowIntentSpec,
}

from_json!(WorkflowIntent { "metadata" => metadata, "spec" => spec });

/// What every EMCO resource carries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The name, by EMCO's name rule ([`crate::rules::is_name`]).
    pub name: String,
    /// A description, for people.
    pub description: String,
    /// Free text of the caller.
    pub user_data1: String,
    /// Free text of the caller.
    pub user_data2: String,
}

from_json!(Metadata {
    "name" => name,
    "description" => description,
    "userData1" => user_data1,
    "userData2" => user_data2,
});

/// What an intent does: whom to ask, and for what.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WorkflowIntentSpec {
    /// Where the workflow client listens.
    pub workflow_client: ClientEndpoint,
    /// What the workflow client is told.
    pub temporal: TemporalSpec,
}

from_json!(WorkflowIntentSpec { "workflowClient" => workflow_client, "temporal" => temporal });

/// Where a workflow client listens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClientEndpoint {
    /// Host name or address; an IPv6 address stands bare.
    pub client_endpoint_name: String,
    /// Port, 1 to 65535.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 65535))]
    pub client_endpoint_port: i64,
}

from_json!(ClientEndpoint {
    "clientEndpointName" => client_endpoint_name,
    "clientEndpointPort" => client_endpoint_port,
});

/// The body of `POST /invoke/<name>` (EMCO-API §2.1): what to start, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TemporalSpec {
    /// The workflow client to run: the last segment of the invoke path.
    pub workflow_client_name: String,
    /// How to start the workflow.
    pub workflow_start_options: StartOptions,
    /// What the workflow gets as its argument.
    pub workflow_params: WorkflowParams,
}

from_json!(TemporalSpec {
    "workflowClientName" => workflow_client_name,
    "workflowStartOptions" => workflow_start_options,
    "workflowParams" => workflow_params,
});

/// What a workflow gets as its one argument: options and parameters by activity name.
///
/// The name `all-activities` stands for every activity; an entry of an activity's own overrides it whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WorkflowParams {
    /// Options by activity name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub activity_options: BTreeMap<String, ActivityOptions>,
    /// Parameters by activity name: texts by parameter name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub activity_params: BTreeMap<String, BTreeMap<String, String>>,
}

impl WorkflowParams {
    /// The entry that stands for every activity (EMCO-API §2.5).
    pub const ALL_ACTIVITIES: &str = "all-activities";
}

from_json!(WorkflowParams { "activityOptions" => activity_options, "activityParams" => activity_params });

impl TemporalSpec {
    /// The body of an invocation: [`to_go_json`], compiled in this crate, which is optimised for speed.
    pub fn to_go_json(&self) -> Vec<u8> {
        to_go_json(self)
    }
}

impl WorkflowIntentSpec {
    /// As [`TemporalSpec::to_go_json`], as text.
    pub fn to_go_text(&self) -> String {
        to_go_text(self)
    }
}
