//! Logical clouds: the sets of clusters that a project may deploy to (EMCO-API §6.10).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::crud::key_of;
use crate::reply::{self, Refusal};
use crate::resources::{EmptyList, Metadata, Resource, checked, project_exists};
use crate::server::Shared;
use crate::store::World;
use emco::ClusterRef;

/// A logical cloud.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LogicalCloud {
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
        if world.clouds.contains_key(key) {
            return Err(Refusal::new(409, "The Logical Cloud is instantiated, please terminate first"));
        }
        match is_leaving(key, world) {
            true => Err(Refusal::new(409, "The Logical Cloud can't be deleted yet, it is being terminated")),
            false => Ok(()),
        }
    }
}

/// A cluster of a logical cloud.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ClusterReference {
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

    fn admit_delete(key: &[String], world: &World) -> Result<(), Refusal> {
        let cloud = &key[..key.len().saturating_sub(2)];
        let state = if !world.contains(key) {
            return Ok(());
        } else if world.clouds.contains_key(cloud) {
            "instantiated, please terminate first"
        } else if is_leaving(cloud, world) {
            "being terminated"
        } else {
            return Ok(());
        };
        Err(Refusal::new(409, format!("Can't remove Cluster Reference: the Logical Cloud is {state}")))
    }
}

fn is_leaving(cloud: &[String], world: &World) -> bool {
    world.leaving_clouds.get(cloud).is_some_and(|gone| *gone > world.now())
}

/// The clusters that a logical cloud holds.
pub(crate) fn clusters_of(cloud: &[String], world: &World) -> Vec<ClusterRef> {
    world
        .list::<ClusterReference>(&[cloud, &["cluster-references".to_owned()]].concat())
        .into_iter()
        .map(|(_, reference)| ClusterRef::new(reference.spec.cluster_provider, reference.spec.cluster))
        .collect()
}

/// `POST …/logical-clouds/{cloud}/instantiate`
pub(crate) async fn instantiate(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
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
    if is_leaving(&cloud, &world) {
        let text = "The Logical Cloud can't be re-instantiated yet, it is being terminated";
        return Err(Refusal::new(409, text));
    }
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

/// `POST …/logical-clouds/{cloud}/terminate`
pub(crate) async fn terminate(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let mut cloud = key_of(&uri);
    cloud.pop();
    let mut world = shared.world();
    if !world.contains(&cloud) {
        return Err(Refusal::new(404, LogicalCloud::MISSING));
    }
    if uses(&cloud, &world) {
        // The code is EMCO's, the words are ours: they are in no source at hand.
        return Err(Refusal::new(400, "The Logical Cloud is used by a Deployment Intent Group"));
    }
    let now = world.now();
    match world.clouds.get(&cloud) {
        None => Err(Refusal::new(409, "The Logical Cloud is not instantiated")),
        Some(usable) if *usable > now => Err(Refusal::new(409, "The Logical Cloud is still instantiating")),
        Some(_) => {
            let gone = now + world.cloud_settle_time;
            world.clouds.remove(&cloud);
            world.leaving_clouds.insert(cloud, gone);
            Ok(reply::empty(StatusCode::ACCEPTED))
        }
    }
}

fn uses(cloud: &[String], world: &World) -> bool {
    let (project, name) = (&cloud[..2], cloud.last());
    world.digs.keys().filter(|dig| dig.starts_with(project)).any(|dig| {
        world.value(dig).and_then(|of| of["spec"]["logicalCloud"].as_str()) == name.map(String::as_str)
    })
}

/// `GET …/logical-clouds/{cloud}/status`, in brief.
pub(crate) async fn status(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let mut cloud = key_of(&uri);
    cloud.pop();
    let world = shared.world();
    if !world.contains(&cloud) {
        return Err(Refusal::new(404, LogicalCloud::MISSING));
    }
    let deployed = match (world.clouds.get(&cloud), world.leaving_clouds.contains_key(&cloud)) {
        (Some(usable), _) if *usable > world.now() => "Instantiating",
        (Some(_), _) => "Instantiated",
        (None, true) if is_leaving(&cloud, &world) => "Terminating",
        (None, true) => "Terminated",
        (None, false) => "Created",
    };
    let status = json!({"project": cloud[1], "name": cloud[3], "deployedStatus": deployed});
    Ok(reply::json(StatusCode::OK, &status))
}
