//! What an evacuation moves, and how.

use std::collections::BTreeMap;

use sample_params::activity::FIND_DIGS_ON_CLUSTER;
use workflow_api::WorkflowParams;

use crate::evacuation::Found;
use crate::params::EvacuateRequest;

/// The parameters of the evacuation that each relocation gets unchanged.
const PASSED_ON: [&str; 13] = [
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

/// What an evacuation moves, and how.
pub(super) struct Order {
    params: WorkflowParams,
    pub(super) found: Vec<Found>,
    pub(super) canary: usize,
    pub(super) lanes: usize,
    pub(super) stop_share: f64,
    pub(super) dry_run: bool,
    /// Whether children of former runs are followed. Older runs do not.
    pub(super) follows: bool,
}

impl Order {
    pub(super) fn new(
        params: &WorkflowParams,
        request: &EvacuateRequest,
        found: Vec<Found>,
        follows: bool,
    ) -> Self {
        let mut params = params.clone();
        params.activity_options.remove(FIND_DIGS_ON_CLUSTER);
        Self {
            params,
            found,
            // A dry run needs no canaries.
            canary: if request.dry_run { 0 } else { request.canary },
            lanes: request.lanes,
            stop_share: request.stop_share,
            dry_run: request.dry_run,
            follows,
        }
    }

    /// Returns the parameters of the relocation that moves a group.
    pub(super) fn params_of(&self, found: &Found) -> WorkflowParams {
        let all = self.params.activity_params.get(WorkflowParams::ALL_ACTIVITIES);
        let kept = PASSED_ON.iter().filter_map(|name| all?.get_key_value(*name));
        let mut all: BTreeMap<String, String> =
            kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        let own = [
            ("project", found.project.clone()),
            ("compositeApp", found.composite_app.clone()),
            ("compositeAppVersion", found.version.clone()),
            ("deploymentIntentGroup", found.name.clone()),
            ("app", found.apps.join(",")),
        ];
        all.extend(own.map(|(name, value)| (name.to_owned(), value)));
        WorkflowParams {
            activity_options: self.params.activity_options.clone(),
            activity_params: [(WorkflowParams::ALL_ACTIVITIES.to_owned(), all)].into(),
        }
    }
}
