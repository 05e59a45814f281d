//! The workflow intent (EMCO-API §1.2): what an administrator registers under a deployment intent group.

use std::collections::BTreeMap;

use crate::read::object;
use crate::{ActivityOptions, StartOptions};

object! {
    /// A workflow intent: which workflow client to call, for which workflow, with which options and parameters.
    pub struct WorkflowIntent {
        /// Its name and description.
        "metadata" => metadata: Metadata,
        /// What it does.
        "spec" => spec: WorkflowIntentSpec,
    }
}

object! {
    /// What every EMCO resource carries.
    #[derive(Eq)]
    pub struct Metadata {
        /// The name, by EMCO's name rule ([`crate::rules::is_name`]).
        "name" => name: String,
        /// A description, for people.
        "description" => description: String,
        /// Free text of the caller.
        "userData1" => user_data1: String,
        /// Free text of the caller.
        "userData2" => user_data2: String,
    }
}

object! {
    /// What an intent does: which client it calls, and what it sends.
    pub struct WorkflowIntentSpec {
        /// Where the workflow client listens.
        "workflowClient" => workflow_client: ClientEndpoint,
        /// What the workflow client receives.
        "temporal" => temporal: TemporalSpec,
    }
}

object! {
    /// Where a workflow client listens.
    #[derive(Eq)]
    pub struct ClientEndpoint {
        /// Host name or address. An IPv6 address has no brackets.
        "clientEndpointName" => client_endpoint_name: String,
        /// Port, 1 to 65535.
        #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 65535))]
        "clientEndpointPort" => client_endpoint_port: i64,
    }
}

object! {
    /// The body of `POST /invoke/<name>` (EMCO-API §2.1): what to start, and how.
    pub struct TemporalSpec {
        /// The workflow client to run: the last segment of the invoke path.
        "workflowClientName" => workflow_client_name: String,
        /// How to start the workflow.
        "workflowStartOptions" => workflow_start_options: StartOptions,
        /// What the workflow gets as its argument.
        "workflowParams" => workflow_params: WorkflowParams,
    }
}

object! {
    /// What a workflow gets as its one argument: options and parameters by activity name.
    ///
    /// The name `all-activities` stands for every activity. An entry for one activity replaces it as a whole.
    pub struct WorkflowParams {
        /// Options by activity name.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        "activityOptions" => activity_options: BTreeMap<String, ActivityOptions>,
        /// Parameters by activity name: texts by parameter name.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        "activityParams" => activity_params: BTreeMap<String, BTreeMap<String, String>>,
    }
}

impl WorkflowIntent {
    /// Returns about how many bytes its JSON has, to decide how to work on it.
    #[must_use]
    pub fn size(&self) -> usize {
        let Metadata { name, description, user_data1, user_data2 } = &self.metadata;
        name.len() + description.len() + user_data1.len() + user_data2.len() + self.spec.temporal.size()
    }
}

impl TemporalSpec {
    /// Returns about how many bytes its JSON has, to decide how to work on it.
    #[must_use]
    pub fn size(&self) -> usize {
        let WorkflowParams { activity_options, activity_params } = &self.workflow_params;
        let of_options = activity_options.keys().map(|name| name.len() + OPTIONS_SIZE);
        let of_params = activity_params.values().flatten().map(|(name, text)| name.len() + text.len());
        let StartOptions { memo, search_attributes, .. } = &self.workflow_start_options;
        let of_values = [memo, search_attributes].into_iter().flatten().flat_map(|values| values.iter());
        let of_values = of_values.map(|(name, value)| name.len() + value.as_str().len());
        OPTIONS_SIZE + of_options.chain(of_params).chain(of_values).sum::<usize>()
    }
}

/// About how many bytes the JSON of options has.
const OPTIONS_SIZE: usize = 512;

impl WorkflowParams {
    /// The entry that stands for every activity (EMCO-API §2.5).
    pub const ALL_ACTIVITIES: &str = "all-activities";
}
