//! Deployment intent groups and the placement of their apps (EMCO-API §6.4, §6.8).

use std::collections::BTreeMap;

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::key::{Key, below};
use crate::lifecycle::{Lifecycle, State};
use crate::logical_clouds::clusters_of;
use crate::reply::Refusal;
use crate::resources::{COMPOSITE_APP, Document, Owner, PROJECT, Resource};
use crate::schema::{Check, checked};
use crate::store::{World, to_value};
use emco::ClusterRef;

/// A deployment intent group.
pub(crate) type Dig = Document<DigSpec>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DigSpec {
    /// EMCO makes one for a new DIG; a `PUT` replaces it by the body's, mostly by none.
    pub(crate) id: String,
    pub(crate) composite_profile: String,
    pub(crate) version: String,
    /// Go keeps an absent list apart from an empty one, and the schema refuses it.
    override_values: Option<Vec<OverrideValues>>,
    pub(crate) logical_cloud: String,
    services: Option<Map<String, Value>>,
    instantiated_services: Option<Map<String, Value>>,
    action: String,
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
    const OWNERS: &'static [Owner] = &[PROJECT, COMPOSITE_APP];

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

    fn complete(&mut self, method: &Method, _collection: &[String], _world: &World) -> Result<(), Refusal> {
        if method == Method::POST {
            self.spec.id = Uuid::new_v4().to_string();
        }
        Ok(())
    }

    /// Adds the last state as `action`.
    fn shown(mut stored: Value, key: &[String], world: &World) -> Value {
        if let Some(lifecycle) = world.digs.get(key) {
            stored["spec"]["action"] = to_value(&lifecycle.state());
        }
        stored
    }

    fn created(key: &Key, world: &mut World) {
        let lifecycle = Lifecycle::created(world.now());
        world.digs.insert(key.clone(), lifecycle);
    }

    fn admit_delete(key: &[String], world: &World) -> Result<(), Refusal> {
        let Some(lifecycle) = world.digs.get(key) else { return Ok(()) };
        // An instantiation after a termination drops the first app context, and then EMCO never finds all of
        // them.
        let instantiations = lifecycle
            .actions()
            .iter()
            .filter(|action| action.state == State::Instantiated && action.revision == 1);
        let context_lost = instantiations.count() > 1;
        match lifecycle.state() {
            State::Created | State::Approved | State::Updated => Ok(()),
            _ if lifecycle.progress(world.now()) == Some("Terminated") && !context_lost => Ok(()),
            // EMCO's own words match no entry of its table, so the general ones are sent.
            _ => Err(Refusal::new(500, Refusal::INTERNAL)),
        }
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
    /// Whether the clusters were named or found by a label. EMCO sets it, whatever the body has.
    #[serde(skip_serializing_if = "String::is_empty")]
    selector: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    all_of: Vec<Clause>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    any_of: Vec<Clause>,
}

/// An element of `allOf` or `anyOf`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Clause {
    #[serde(skip_serializing_if = "String::is_empty")]
    cluster_provider: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    cluster: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    cluster_label: String,
    /// A group inside `allOf`. The schema admits it, but then EMCO finds no provider in the element.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    any_of: Vec<Clause>,
}

impl Resource for AppIntent {
    const EXISTS: &'static str = "Intent already exists";
    const MISSING: &'static str = "Intent not found";
    const REPLACED: u16 = 200;

    /// EMCO reports the first missing field in words of its own, and other faults as its JSON schema does.
    fn check(&self) -> Result<(), Refusal> {
        let mut check = Check::default();
        for clause in &self.spec.intent.all_of {
            clause.check(&mut check, true);
        }
        for clause in &self.spec.intent.any_of {
            clause.check(&mut check, false);
        }
        if !self.spec.intent.selector.is_empty() {
            check.one_of("spec.intent.selector", &self.spec.intent.selector, &["name", "label"]);
        }
        match self.spec.app.is_empty() {
            true => check.violated("app is required"),
            false => check.length(&self.spec.app, 128),
        }
        match self.metadata.name.is_empty() {
            true => check.violated("name is required"),
            false => check.name(&self.metadata.name),
        }
        check.length(&self.metadata.description, 1024);
        check.length(&self.metadata.user_data1, 512);
        check.length(&self.metadata.user_data2, 512);
        check.finish().map_err(|refusal| {
            let own = [
                ("clusterProvider is required", "Missing clusterProvider in an intent"),
                ("cluster is required", "Missing cluster or clusterLabel"),
                ("app is required", "Missing app for the intent"),
                ("name is required", "Missing name for the intent"),
            ];
            let own = own.into_iter().find(|(line, _)| refusal.text.contains(line));
            own.map_or(refusal, |(_, text)| Refusal::new(400, text))
        })
    }

    /// Replaces labels by the clusters that carry them now, and refuses clusters outside the DIG's logical
    /// cloud.
    fn complete(&mut self, _method: &Method, collection: &[String], world: &World) -> Result<(), Refusal> {
        let dig_key = &collection[..DIG];
        let dig: Dig = world.find(dig_key).ok_or_else(|| Refusal::new(404, Dig::MISSING))?;
        let cloud = below(&dig_key[..2], &["logical-clouds", &dig.spec.logical_cloud]);
        let allowed = clusters_of(&cloud, world);
        // Neither a logical cloud that is not there nor one without clusters is in EMCO's table of errors.
        if allowed.is_empty() {
            return Err(Refusal::new(500, Refusal::INTERNAL));
        }
        let intent = &mut self.spec.intent;
        let by_label =
            intent.all_of.iter().chain(&intent.any_of).any(|clause| !clause.cluster_label.is_empty());
        intent.selector = if by_label { "label" } else { "name" }.to_owned();
        intent.all_of = expanded(&intent.all_of, &allowed, world)?;
        intent.any_of = expanded(&intent.any_of, &allowed, world)?;
        Ok(())
    }
}

/// How many segments name a DIG.
const DIG: usize = 7;

/// Returns the clauses with one for each cluster that a label stands for. EMCO's table of errors does not
/// have the words for what cannot be expanded, so the general ones are sent.
fn expanded(clauses: &[Clause], allowed: &[ClusterRef], world: &World) -> Result<Vec<Clause>, Refusal> {
    let mut expanded = Vec::new();
    for clause in clauses {
        let within: Vec<ClusterRef> =
            clause.clusters(world).into_iter().filter(|cluster| allowed.contains(cluster)).collect();
        if within.is_empty() {
            return Err(Refusal::new(500, Refusal::INTERNAL));
        }
        expanded.extend(within.into_iter().map(|cluster| Clause {
            cluster_provider: cluster.provider,
            cluster: cluster.cluster,
            cluster_label: clause.cluster_label.clone(),
            any_of: Vec::new(),
        }));
    }
    Ok(expanded)
}

/// The clusters of a placement.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    /// The clusters that the logical cloud must have.
    pub(crate) mandatory: Vec<ClusterRef>,
    /// One of the alternatives, if there are any.
    pub(crate) chosen: Vec<ClusterRef>,
}

impl Placement {
    pub(crate) fn targets(&self, world: &World) -> Targets {
        let clusters = |clauses: &[Clause]| -> Vec<ClusterRef> {
            clauses.iter().flat_map(|clause| clause.clusters(world)).collect()
        };
        // EMCO's scheduler keeps one cluster of a group, the first by name.
        Targets {
            mandatory: clusters(&self.all_of),
            chosen: clusters(&self.any_of).into_iter().min().into_iter().collect(),
        }
    }
}

impl Clause {
    /// Checks the schema's `oneOf`: a cluster, or a label, or (in `allOf`) a group. The JSON-schema library
    /// reports the alternative that fits best, the first of equals.
    fn check(&self, check: &mut Check, may_group: bool) {
        let Self { cluster_provider, cluster, cluster_label, any_of } = self;
        [cluster_provider, cluster, cluster_label].iter().for_each(|text| check.length(text, 128));
        any_of.iter().for_each(|clause| clause.check(check, false));
        let (provider, cluster, label) =
            (!cluster_provider.is_empty(), !cluster.is_empty(), !cluster_label.is_empty());
        let group = may_group && !any_of.is_empty();
        let fits = [provider && cluster && !label, group, provider && label && !cluster];
        let fitting = fits.iter().filter(|fit| **fit).count();
        if fitting == 1 {
            return;
        }
        check.violated("Must validate one and only one schema (oneOf)");
        if fitting > 1 {
            return;
        }
        if may_group && !provider && !cluster && !label {
            return check.violated("anyOf is required");
        }
        if !provider {
            check.violated("clusterProvider is required");
        }
        if !cluster && !label {
            check.violated("cluster is required");
        }
        if cluster && label {
            check.violated("Must not validate the schema (not)");
        }
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
