//! Logical clouds: the sets of clusters that a project may deploy to (EMCO-API §6.10).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::crud::key_of;
use super::reply::{self, Refusal};
use super::resources::{EmptyList, Metadata, Resource, checked, project_exists};
use super::server::Shared;
use super::store::World;
use crate::ClusterRef;

/// A logical cloud.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct LogicalCloud {
    metadata: Metadata,
    spec: LogicalCloudSpec,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct LogicalCloudSpec {
    namespace: String,
    labels: BTreeMap<String, String>,
    level: String,
    user: User,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct User {
    user_name: String,
    r#type: String,
}

impl Resource for LogicalCloud {
    const EXISTS: &'static str = "Logical Cloud already exists";
    const MISSING: &'static str = "Logical Cloud not found";

    fn name(&self) -> Vec<String> {
        vec![self.metadata.name.clone()]
    }

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |_| ())
    }

    fn admit(&self, collection: &[String], world: &World) -> Result<(), Refusal> {
        project_exists(collection, world)
    }

    fn admit_delete(key: &[String], world: &World) -> Result<(), Refusal> {
        match world.clouds.contains_key(key) {
            true => Err(Refusal::new(409, "The Logical Cloud is instantiated, please terminate first")),
            false => Ok(()),
        }
    }
}

/// A cluster of a logical cloud.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ClusterReference {
    metadata: Metadata,
    spec: ClusterReferenceSpec,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ClusterReferenceSpec {
    cluster_provider: String,
    cluster: String,
    #[serde(rename = "loadBalancerIP")]
    load_balancer_ip: String,
}

impl Resource for ClusterReference {
    const EXISTS: &'static str = "Cluster reference already exists";
    const MISSING: &'static str = "Cluster reference not found";
    const REPLACED: u16 = 200;
    const EMPTY_LIST: EmptyList = EmptyList::Refused("No Cluster References associated");

    fn name(&self) -> Vec<String> {
        vec![self.metadata.name.clone()]
    }

    fn check(&self) -> Result<(), Refusal> {
        match self.metadata.name.is_empty() {
            true => Err(Refusal::new(400, "Missing name in POST request")),
            false => Ok(()),
        }
    }

    fn admit(&self, collection: &[String], world: &World) -> Result<(), Refusal> {
        match collection.split_last() {
            Some((_, cloud)) if world.contains(cloud) => Ok(()),
            _ => Err(Refusal::new(404, LogicalCloud::MISSING)),
        }
    }
}

/// The clusters that a logical cloud holds.
pub(super) fn clusters_of(cloud: &[String], world: &World) -> Vec<ClusterRef> {
    world
        .list::<ClusterReference>(&[cloud, &["cluster-references".to_owned()]].concat())
        .into_iter()
        .map(|(_, reference)| ClusterRef::new(reference.spec.cluster_provider, reference.spec.cluster))
        .collect()
}

/// `POST …/logical-clouds/{cloud}/instantiate`
pub(super) async fn instantiate(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let mut cloud = key_of(&uri);
    cloud.pop();
    let mut world = shared.world();
    if !world.contains(&cloud) {
        return Err(Refusal::new(404, LogicalCloud::MISSING));
    }
    if clusters_of(&cloud, &world).is_empty() {
        return Err(Refusal::new(400, "No Cluster References associated"));
    }
    let now = world.now();
    match world.clouds.get(&cloud) {
        Some(usable) if *usable > now => Err(Refusal::new(409, "The Logical Cloud is already instantiating")),
        Some(_) => Err(Refusal::new(409, "The Logical Cloud is already instantiated")),
        None => {
            let usable = now + world.cloud_settle_time;
            world.clouds.insert(cloud, usable);
            Ok(reply::empty(StatusCode::ACCEPTED))
        }
    }
}
