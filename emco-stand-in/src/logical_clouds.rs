//! Logical clouds: the sets of clusters that a project may deploy to (EMCO-API §6.10).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State as Extract;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cloud::Cloud;
use crate::crud::{key_of, query_of};
use crate::key::{Key, below};
use crate::lifecycle::{Action, State};
use crate::reply::{self, Refusal};
use crate::resources::{Document, EmptyList, Owner, PROJECT, Resource, check_owners};
use crate::schema::checked;
use crate::shared::Shared;
use crate::store::World;
use emco::ClusterRef;

const NO_CLUSTERS: &str = "No Cluster References associated";

/// A logical cloud.
pub(crate) type LogicalCloud = Document<LogicalCloudSpec>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LogicalCloudSpec {
    namespace: String,
    labels: Option<BTreeMap<String, String>>,
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
    const RENAMED: Option<(u16, &'static str)> = Some((409, "Logical Cloud name mismatch"));
    const EMPTY_BODY: &'static str = "EOF";

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |check| {
            check.length(&self.spec.level, 2);
            check.length(&self.spec.namespace, 128);
            self.spec.labels.iter().flat_map(BTreeMap::values).for_each(|label| check.length(label, 128));
            check.length(&self.spec.user.user_name, 20);
            check.length(&self.spec.user.r#type, 128);
        })
    }

    fn check_put(&self, key: &[String], world: &World) -> Result<(), Refusal> {
        exists::<Self>(key, world)
    }

    fn admit(&self, collection: &[String], world: &World) -> Result<(), Refusal> {
        check_owners(&[PROJECT], collection, world)
    }

    fn complete(&mut self, method: &Method, _collection: &[String], _world: &World) -> Result<(), Refusal> {
        if method == Method::POST && self.spec.level.is_empty() {
            "1".clone_into(&mut self.spec.level);
        }
        Ok(())
    }

    fn created(key: &Key, world: &mut World) {
        let now = world.now();
        let created = Action { state: State::Created, instance: String::new(), time: now, revision: 0 };
        world.clouds.insert(key.clone(), Cloud { actions: vec![created], settled: now });
    }

    fn admit_delete(key: &[String], world: &World) -> Result<(), Refusal> {
        exists::<Self>(key, world)?;
        let text = match progress(key, world) {
            Some("Instantiating") => "The Logical Cloud is instantiating, please wait and then terminate",
            Some("Instantiated") => "The Logical Cloud is instantiated, please terminate first",
            Some("Terminating") => "The Logical Cloud can't be deleted yet, it is being terminated",
            _ => return Ok(()),
        };
        Err(Refusal::new(409, text))
    }
}

/// A cluster of a logical cloud.
pub(crate) type ClusterReference = Document<ClusterReferenceSpec>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ClusterReferenceSpec {
    cluster_provider: String,
    cluster: String,
    #[serde(rename = "loadBalancerIP")]
    load_balancer_ip: String,
    certificate: String,
}

impl Resource for ClusterReference {
    const EXISTS: &'static str = "Cluster reference already exists";
    const MISSING: &'static str = "Cluster reference not found";
    const REPLACED: u16 = 200;
    const EMPTY_LIST: EmptyList = EmptyList::Refused(NO_CLUSTERS);
    const OWNERS: &'static [Owner] = &[(4, LogicalCloud::MISSING)];

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |check| {
            check.length(&self.spec.cluster_provider, 128);
            check.length(&self.spec.cluster, 128);
            check.length(&self.spec.load_balancer_ip, 16);
        })
    }

    fn admit(&self, collection: &[String], world: &World) -> Result<(), Refusal> {
        check_owners(Self::OWNERS, collection, world)?;
        match progress(&collection[..4], world) {
            None | Some("Instantiated" | "Terminated") => Ok(()),
            Some(_) => {
                let text = "Cluster References cannot be added/removed unless the Logical Cloud is fully Instantiated or Terminated";
                Err(Refusal::new(409, text))
            }
        }
    }

    fn check_put(&self, key: &[String], world: &World) -> Result<(), Refusal> {
        check_owners(Self::OWNERS, key, world)?;
        if key.last() != Some(&self.metadata.name) {
            return Err(Refusal::new(409, "Cluster Reference mismatch"));
        }
        exists::<Self>(key, world)
    }

    fn admit_delete(key: &[String], world: &World) -> Result<(), Refusal> {
        check_owners(Self::OWNERS, key, world)?;
        let state = match progress(&key[..4], world) {
            Some("Instantiating") => "instantiating, please wait and then terminate.",
            Some("Terminating") => "being terminated",
            _ => return Ok(()),
        };
        Err(Refusal::new(409, format!("Can't remove Cluster Reference: the Logical Cloud is {state}")))
    }
}

fn exists<T: Resource>(key: &[String], world: &World) -> Result<(), Refusal> {
    check_owners(&[(key.len(), T::MISSING)], key, world)
}

/// Returns the progress of the last operation on a logical cloud, in EMCO's words, if there was one.
pub(crate) fn progress(cloud: &[String], world: &World) -> Option<&'static str> {
    let cloud = world.clouds.get(cloud)?;
    match (cloud.actions.last()?.state, cloud.settled > world.now()) {
        (State::Instantiated, true) => Some("Instantiating"),
        (State::Instantiated, false) => Some("Instantiated"),
        (State::Terminated, true) => Some("Terminating"),
        (State::Terminated, false) => Some("Terminated"),
        _ => None,
    }
}

/// Returns the logical cloud that an operation's URL names.
fn cloud_of(uri: &Uri, world: &World) -> Result<Key, Refusal> {
    let mut cloud = key_of(uri);
    cloud.pop();
    exists::<LogicalCloud>(&cloud, world)?;
    Ok(cloud)
}

/// Returns the clusters of a logical cloud.
pub(crate) fn clusters_of(cloud: &[String], world: &World) -> Vec<ClusterRef> {
    world
        .list::<ClusterReference>(&below(cloud, &["cluster-references"]))
        .into_iter()
        .map(|(_, reference)| ClusterRef::new(reference.spec.cluster_provider, reference.spec.cluster))
        .collect()
}

/// `POST …/logical-clouds/{cloud}/instantiate`
pub(crate) async fn instantiate(
    Extract(shared): Extract<Arc<Shared>>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let mut world = shared.world();
    let key = cloud_of(&uri, &world)?;
    if clusters_of(&key, &world).is_empty() {
        return Err(Refusal::new(400, NO_CLUSTERS));
    }
    let text = match progress(&key, &world) {
        Some("Instantiating") => "The Logical Cloud is already instantiating",
        Some("Instantiated") => "The Logical Cloud is already instantiated",
        Some("Terminating") => "The Logical Cloud can't be re-instantiated yet, it is being terminated",
        _ => {
            let (context, now, settle) = (world.new_context(), world.now(), world.cloud_settle_time);
            if let Some(cloud) = world.clouds.get_mut(&key) {
                cloud.did(State::Instantiated, context, now, now + settle);
            }
            return Ok(reply::empty(StatusCode::ACCEPTED));
        }
    };
    Err(Refusal::new(409, text))
}

/// `POST …/logical-clouds/{cloud}/terminate`
pub(crate) async fn terminate(Extract(shared): Extract<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let mut world = shared.world();
    let key = cloud_of(&uri, &world)?;
    if is_used(&key, &world) {
        let text = "Found at least one DIG associated with Logical Cloud attempted to be terminated";
        return Err(Refusal::new(400, text));
    }
    if clusters_of(&key, &world).is_empty() {
        return Err(Refusal::new(400, NO_CLUSTERS));
    }
    let text = match progress(&key, &world) {
        Some("Instantiating") => "The Logical Cloud is still instantiating",
        Some("Terminating") => "The Logical Cloud is already being terminated",
        Some("Terminated") => "The Logical Cloud has already been terminated",
        Some(_) => {
            let (now, settle) = (world.now(), world.cloud_settle_time);
            if let Some(cloud) = world.clouds.get_mut(&key) {
                cloud.did(State::Terminated, cloud.context(), now, now + settle);
            }
            return Ok(reply::empty(StatusCode::ACCEPTED));
        }
        // A logical cloud that was never instantiated has nothing to terminate.
        None => return Ok(reply::empty(StatusCode::ACCEPTED)),
    };
    Err(Refusal::new(409, text))
}

fn is_used(cloud: &[String], world: &World) -> bool {
    let (project, name) = (&cloud[..2], cloud.last());
    world.digs.keys().filter(|dig| dig.starts_with(project)).any(|dig| {
        world.value(dig).and_then(|of| of["spec"]["logicalCloud"].as_str()) == name.map(String::as_str)
    })
}

/// `GET …/logical-clouds/{cloud}/status`. A logical cloud of level 0 has no resources, so nothing is counted.
pub(crate) async fn status(Extract(shared): Extract<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let ready = match query_of(&uri, "status").as_deref() {
        None | Some("ready") => true,
        Some("deployed") => false,
        Some(_) => return Err(Refusal::new(400, "Invalid query status")),
    };
    if !matches!(query_of(&uri, "output").as_deref(), None | Some("summary" | "all" | "detail")) {
        return Err(Refusal::new(400, "Invalid query output"));
    }
    let world = shared.world();
    let key = cloud_of(&uri, &world)?;
    let cloud = world.clouds.get(&key);
    let states = json!({"statusctxid": cloud.map(Cloud::context), "actions": cloud.map(|of| &of.actions)});
    let mut status = json!({"project": key[1], "name": key[3], "states": states});
    if let Some(deployed) = progress(&key, &world) {
        status["deployedStatus"] = deployed.into();
        if ready {
            status["readyStatus"] = "Ready".into();
        }
    }
    Ok(reply::json(StatusCode::OK, &status))
}
