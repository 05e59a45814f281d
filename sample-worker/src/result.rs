//! The results of the workflows, in the format of EMCO's Go worker (EMCO-API §2.5).

use std::collections::BTreeMap;

use emco::Placement;
use serde::{Deserialize, Serialize};
use workflow_api::WorkflowParams;

use crate::model::{AppClusters, AppIntents, Dig, Edit, Target};

/// The result of a workflow. The fields that EMCO's worker does not have come last, and only if they are not empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MigrationResult {
    /// The workflow's parameters.
    pub in_params: BTreeMap<String, String>,
    /// The URL of the generic placement intents.
    #[serde(rename = "GenericPlacementIntentURL")]
    pub generic_placement_intent_url: String,
    /// Always null, as in EMCO.
    pub generic_placement_intents: Option<Vec<String>>,
    /// The app intents of the deployment intent group.
    pub app_name_intent_pairs: AppIntents,
    /// The clusters (`provider/cluster`) on which each app was ready at the end. Empty without `waitReady`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ready_on: BTreeMap<String, Vec<String>>,
    /// What would be done, for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Vec<PlannedMove>>,
}

/// The planned change of one app intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PlannedMove {
    /// The app.
    pub app: String,
    /// The generic placement intent.
    pub generic_placement_intent: String,
    /// The app intent.
    pub app_intent: String,
    /// The current clusters (`provider/cluster`) of the app.
    pub from: Vec<String>,
    /// The clusters (`provider/cluster`) after the move.
    pub to: Vec<String>,
    /// The current placement.
    pub clauses_before: Placement,
    /// The new placement.
    pub clauses_after: Placement,
}

impl MigrationResult {
    pub(crate) fn new(params: &WorkflowParams, dig: &Dig, intents: AppIntents) -> Self {
        let Dig { emco_url, project, composite_app, version, name, .. } = dig;
        let emco_url = emco_url.trim_end_matches('/');
        Self {
            in_params: params
                .activity_params
                .get(WorkflowParams::ALL_ACTIVITIES)
                .cloned()
                .unwrap_or_default(),
            generic_placement_intent_url: format!(
                "{emco_url}/v2/projects/{project}/composite-apps/{composite_app}/{version}\
                 /deployment-intent-groups/{name}/generic-placement-intents"
            ),
            generic_placement_intents: None,
            app_name_intent_pairs: intents,
            ready_on: BTreeMap::new(),
            plan: None,
        }
    }

    pub(crate) fn ready_on(self, clusters: AppClusters) -> Self {
        let ready_on = clusters.into_iter().map(|(app, on)| (app, texts(&on))).collect();
        Self { ready_on, ..self }
    }

    /// Adds the plan of `edits`, after which each app has left the clusters that it `leaves` and is on `target`.
    pub(crate) fn planned(
        self,
        edits: Vec<Edit>,
        now: &AppClusters,
        leaves: impl Fn(&str, &Target) -> bool,
        target: &Target,
    ) -> Self {
        let plan = edits.into_iter().filter(|edit| edit.before != edit.after).map(|edit| {
            let from = now.get(&edit.app).cloned().unwrap_or_default();
            let mut to = from.clone();
            to.retain(|cluster| !leaves(&edit.app, cluster));
            to.push(target.clone());
            to.sort();
            to.dedup();
            PlannedMove {
                from: texts(&from),
                to: texts(&to),
                app: edit.app,
                generic_placement_intent: edit.generic_placement_intent,
                app_intent: edit.app_intent,
                clauses_before: edit.before.contracted(),
                clauses_after: edit.after.contracted(),
            }
        });
        Self { plan: Some(plan.collect()), ..self }
    }
}

fn texts(clusters: &[Target]) -> Vec<String> {
    clusters.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AppNameIntentPair;

    #[test]
    fn the_result_has_the_format_of_emcos_worker() {
        let mut params = WorkflowParams::default();
        let given = BTreeMap::from([("project".to_owned(), "proj1".to_owned())]);
        params.activity_params.insert(WorkflowParams::ALL_ACTIVITIES.to_owned(), given);
        let dig = Dig {
            emco_url: "http://emco:9015/".to_owned(),
            project: "proj1".to_owned(),
            composite_app: "capp1".to_owned(),
            version: "v1".to_owned(),
            name: "dig1".to_owned(),
            clm_url: None,
            dcm_url: None,
        };
        let pair = AppNameIntentPair {
            app_name: "collectd".to_owned(),
            app_intent_name: "collectd-intent".to_owned(),
        };
        let intents = AppIntents::from([("gpi".to_owned(), vec![pair])]);
        let result = MigrationResult::new(&params, &dig, intents);
        assert_eq!(
            serde_json::to_value(result).unwrap(),
            serde_json::json!({
                "InParams": {"project": "proj1"},
                "GenericPlacementIntentURL": "http://emco:9015/v2/projects/proj1/composite-apps/capp1/v1\
                    /deployment-intent-groups/dig1/generic-placement-intents",
                "GenericPlacementIntents": null,
                "AppNameIntentPairs": {"gpi": [{"AppName": "collectd", "AppIntentName": "collectd-intent"}]},
            })
        );
    }
}
