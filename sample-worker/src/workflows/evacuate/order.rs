//! What an evacuation is to move, and how.

use std::collections::BTreeMap;

use workflow_api::WorkflowParams;

use crate::activities::SEARCH;
use crate::evacuation::Found;
use crate::params::EvacuateRequest;

/// The parameters of the evacuation that each relocation has too, as they are.
const HANDED_ON: [&str; 13] = [
    "emcoURL",
    "emcoClmEndpoint",
    "emcoDcmEndpoint",
    "sourceClusterProvider",
    "sourceClusterName",
    "targetClusterProvider",
    "targetClusterName",
    "preflight",
    "waitReady",
    "readyTimeout",
    "updateGrace",
    "compensate",
    "dryRun",
];

/// What is to be moved, and how.
pub(super) struct Order {
    params: WorkflowParams,
    pub(super) found: Vec<Found>,
    pub(super) canary: usize,
    pub(super) lanes: usize,
    pub(super) stop_share: f64,
    pub(super) dry_run: bool,
}

impl Order {
    pub(super) fn new(params: &WorkflowParams, request: &EvacuateRequest, found: Vec<Found>) -> Self {
        let mut params = params.clone();
        params.activity_options.remove(SEARCH);
        Self {
            params,
            found,
            // A plan has nothing to try out first.
            canary: if request.dry_run { 0 } else { request.canary },
            lanes: request.lanes,
            stop_share: request.stop_share,
            dry_run: request.dry_run,
        }
    }

    /// The parameters of the relocation that moves a group.
    pub(super) fn params_of(&self, found: &Found) -> WorkflowParams {
        let all = self.params.activity_params.get(WorkflowParams::ALL_ACTIVITIES);
        let kept = HANDED_ON.iter().filter_map(|name| all?.get_key_value(*name));
        let mut all: BTreeMap<String, String> =
            kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        for (name, value) in [
            ("project", &found.project),
            ("compositeApp", &found.composite_app),
            ("compositeAppVersion", &found.version),
            ("deploymentIntentGroup", &found.name),
            ("app", &found.apps.join(",")),
        ] {
            all.insert(name.to_owned(), value.clone());
        }
        WorkflowParams {
            activity_options: self.params.activity_options.clone(),
            activity_params: [(WorkflowParams::ALL_ACTIVITIES.to_owned(), all)].into(),
        }
    }
}
