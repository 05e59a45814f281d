//! Deployment intent groups and the placement of their apps (EMCO-API §6.4, §6.8).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lifecycle::{Lifecycle, State};
use crate::reply::Refusal;
use crate::resources::{Metadata, Resource, checked, composite_app_exists};
use crate::schema::Check;
use crate::store::{Key, World};
use emco::ClusterRef;

/// A deployment intent group.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Dig {
    metadata: Metadata,
    pub(crate) spec: DigSpec,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DigSpec {
    pub(crate) composite_profile: String,
    pub(crate) version: String,
    /// Go keeps an absent list apart from an empty one, and the schema refuses it.
    override_values: Option<Vec<OverrideValues>>,
    pub(crate) logical_cloud: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct OverrideValues {
    app: String,
    values: BTreeMap<String, String>,
}

impl Resource for Dig {
    // Its own words are hidden by the order of EMCO's error table (EMCO-API §9.3).
    const EXISTS: &'static str = "Intent already exists";
    const MISSING: &'static str = "DeploymentIntentGroup not found";
    const REPLACED: u16 = 200;

    fn name(&self) -> Vec<String> {
        vec![self.metadata.name.clone()]
    }

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |check| {
            match &self.spec.override_values {
                None => check.violated("Invalid type. Expected: array, given: null"),
                Some(values) => {
                    values.iter().flat_map(|of| of.values.values()).for_each(|value| check.length(value, 128))
                }
            }
            check.name(&self.spec.composite_profile);
            check.name(&self.spec.version);
            check.name(&self.spec.logical_cloud);
        })
    }

    fn check_put(&self, key: &[String], world: &World) -> Result<(), Refusal> {
        match world.digs.get(key).map(Lifecycle::state) {
            None | Some(State::Created) => Ok(()),
            Some(_) => Err(Refusal::new(409, "The specified DeploymentIntentGroup is not in Created status")),
        }
    }

    fn admit_list(collection: &[String], world: &World) -> Result<(), Refusal> {
        composite_app_exists(collection, world)
    }

    fn created(key: &Key, world: &mut World) {
        let lifecycle = Lifecycle::created(world.now());
        world.digs.insert(key.clone(), lifecycle);
    }

    fn admit_delete(key: &[String], world: &World) -> Result<(), Refusal> {
        let Some(lifecycle) = world.digs.get(key) else { return Ok(()) };
        // EMCO's own sentences match no entry of its table, so the general one comes out.
        if lifecycle.state() == State::Instantiated || lifecycle.progress(world.now()) == Some("Terminating")
        {
            return Err(Refusal::new(500, Refusal::INTERNAL));
        }
        Ok(())
    }
}

/// Where one app goes. Unlike elsewhere, empty metadata is left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AppIntent {
    metadata: BriefMetadata,
    pub(crate) spec: AppIntentSpec,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct BriefMetadata {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    user_data1: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    user_data2: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AppIntentSpec {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) app: String,
    pub(crate) intent: Placement,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Placement {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    all_of: Vec<Clause>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    any_of: Vec<Clause>,
}

/// An element of `allOf` or `anyOf`; only the former may hold a group of its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Clause {
    #[serde(skip_serializing_if = "String::is_empty")]
    cluster_provider: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    cluster: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    cluster_label: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    any_of: Vec<Clause>,
}

impl Resource for AppIntent {
    const EXISTS: &'static str = "Intent already exists";
    const MISSING: &'static str = "Intent not found";
    const REPLACED: u16 = 200;

    fn name(&self) -> Vec<String> {
        vec![self.metadata.name.clone()]
    }

    /// EMCO picks one fault of all, in this order (EMCO-API §6.4).
    fn check(&self) -> Result<(), Refusal> {
        let clauses = || self.spec.intent.clauses();
        let fault = if clauses().any(|clause| clause.cluster_provider.is_empty()) {
            Some("Missing clusterProvider in an intent")
        } else if clauses().any(|clause| clause.cluster.is_empty() && clause.cluster_label.is_empty()) {
            Some("Missing cluster or clusterLabel")
        } else if clauses().any(|clause| !clause.cluster.is_empty() && !clause.cluster_label.is_empty()) {
            Some("Only one of cluster name or cluster label allowed")
        } else if self.spec.app.is_empty() {
            Some("Missing app for the intent")
        } else if self.metadata.name.is_empty() {
            Some("Missing name for the intent")
        } else {
            None
        };
        if let Some(text) = fault {
            return Err(Refusal::new(400, text));
        }
        let mut check = Check::default();
        check.name(&self.metadata.name);
        check.length(&self.metadata.description, 1024);
        check.length(&self.metadata.user_data1, 512);
        check.length(&self.metadata.user_data2, 512);
        check.name(&self.spec.app);
        check.finish()
    }
}

/// The clusters that a placement asks for.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    /// Those that the logical cloud must hold.
    pub(crate) mandatory: Vec<ClusterRef>,
    /// One for each group of alternatives.
    pub(crate) chosen: Vec<ClusterRef>,
}

impl Placement {
    pub(crate) fn targets(&self, world: &World) -> Targets {
        let mut targets = Targets::default();
        for clause in &self.all_of {
            targets.mandatory.extend(clause.clusters(world));
            targets.chosen.extend(first_of(&clause.any_of, world));
        }
        targets.chosen.extend(first_of(&self.any_of, world));
        targets
    }

    /// Every clause that must name a cluster or label.
    fn clauses(&self) -> impl Iterator<Item = &Clause> {
        let is_group = |clause: &Clause| !clause.any_of.is_empty() && clause.names_nothing();
        let groups = self.all_of.iter().flat_map(|clause| &clause.any_of);
        self.all_of.iter().filter(move |clause| !is_group(clause)).chain(groups).chain(&self.any_of)
    }
}

impl Clause {
    fn names_nothing(&self) -> bool {
        self.cluster_provider.is_empty() && self.cluster.is_empty() && self.cluster_label.is_empty()
    }

    fn clusters(&self, world: &World) -> Vec<ClusterRef> {
        let provider = &self.cluster_provider;
        if !self.cluster.is_empty() {
            return vec![ClusterRef::new(provider, &self.cluster)];
        }
        let labelled = world.clusters_with_label(provider, &self.cluster_label);
        labelled.into_iter().map(|cluster| ClusterRef::new(provider, cluster)).collect()
    }
}

/// EMCO's scheduler keeps one cluster of a group; we keep the first.
fn first_of(group: &[Clause], world: &World) -> Option<ClusterRef> {
    group.iter().flat_map(|clause| clause.clusters(world)).next()
}
