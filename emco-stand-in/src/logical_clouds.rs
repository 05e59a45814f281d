//! Logical clouds: the sets of clusters that a project may deploy to (EMCO-API §6.10).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State as Extract;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::form_urlencoded;

use crate::crud::key_of;
use crate::go_json::Unreadable;
use crate::key::Key;
use crate::lifecycle::{Action, State};
use crate::reply::{self, Refusal};
use crate::resources::{EmptyList, Resource, project_exists};
use crate::schema::{Metadata, checked};
use crate::shared::Shared;
use crate::store::World;
use emco::ClusterRef;

const NO_CLUSTERS: &str = "No Cluster References associated";

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

    fn name(&self) -> Vec<String> {
        vec![self.metadata.name.clone()]
    }

    fn unreadable(error: Unreadable) -> Refusal {
        match error {
            Unreadable::Empty => Refusal::new(400, "EOF"),
            Unreadable::Invalid(text) => Refusal::new(422, text),
        }
    }

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
        if !world.contains(key) {
            return Err(Refusal::new(404, Self::MISSING));
        }
        match key.last() == Some(&self.metadata.name) {
            true => Ok(()),
            false => Err(Refusal::new(409, "Logical Cloud name mismatch")),
        }
    }

    fn admit(&self, collection: &[String], world: &World) -> Result<(), Refusal> {
        project_exists(collection, world)
    }

    fn complete(&mut self, method: &Method, _collection: &[String], _world: &World) -> Result<(), Refusal> {
        if method == Method::POST && self.spec.level.is_empty() {
            "1".clone_into(&mut self.spec.level);
        }
        Ok(())
    }

    fn created(key: &Key, world: &mut World) {
        let created =
            Action { state: State::Created, instance: String::new(), time: world.now(), revision: 0 };
        world.cloud_actions.insert(key.clone(), vec![created]);
    }

    fn admit_delete(key: &[String], world: &World) -> Result<(), Refusal> {
        if !world.contains(key) {
            return Err(Refusal::new(404, Self::MISSING));
        }
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
    certificate: String,
}

impl Resource for ClusterReference {
    const EXISTS: &'static str = "Cluster reference already exists";
    const MISSING: &'static str = "Cluster reference not found";
    const REPLACED: u16 = 200;
    const EMPTY_LIST: EmptyList = EmptyList::Refused(NO_CLUSTERS);

    fn name(&self) -> Vec<String> {
        vec![self.metadata.name.clone()]
    }

    fn check(&self) -> Result<(), Refusal> {
        checked(&self.metadata, |check| {
            check.length(&self.spec.cluster_provider, 128);
            check.length(&self.spec.cluster, 128);
            check.length(&self.spec.load_balancer_ip, 16);
        })
    }

    fn admit(&self, collection: &[String], world: &World) -> Result<(), Refusal> {
        Self::admit_list(collection, world)?;
        match progress(above(collection), world) {
            None | Some("Instantiated" | "Terminated") => Ok(()),
            Some(_) => {
                let text = "Cluster References cannot be added/removed unless the Logical Cloud is fully Instantiated or Terminated";
                Err(Refusal::new(409, text))
            }
        }
    }

    fn check_put(&self, key: &[String], world: &World) -> Result<(), Refusal> {
        Self::admit_list(above(key), world)?;
        if key.last() != Some(&self.metadata.name) {
            return Err(Refusal::new(409, "Cluster Reference mismatch"));
        }
        match world.contains(key) {
            true => Ok(()),
            false => Err(Refusal::new(404, Self::MISSING)),
        }
    }

    fn admit_list(collection: &[String], world: &World) -> Result<(), Refusal> {
        match world.contains(above(collection)) {
            true => Ok(()),
            false => Err(Refusal::new(404, LogicalCloud::MISSING)),
        }
    }

    fn admit_delete(key: &[String], world: &World) -> Result<(), Refusal> {
        let collection = above(key);
        Self::admit_list(collection, world)?;
        let state = match progress(above(collection), world) {
            Some("Instantiating") => "instantiating, please wait and then terminate.",
            Some("Terminating") => "being terminated",
            _ => return Ok(()),
        };
        Err(Refusal::new(409, format!("Can't remove Cluster Reference: the Logical Cloud is {state}")))
    }
}

/// The key without its last segment.
fn above(key: &[String]) -> &[String] {
    key.split_last().map_or(key, |(_, above)| above)
}

/// How far the last operation on a logical cloud got, in EMCO's words; none if there was none.
fn progress(cloud: &[String], world: &World) -> Option<&'static str> {
    let now = world.now();
    match (world.clouds.get(cloud), world.leaving_clouds.get(cloud)) {
        (Some(usable), _) if *usable > now => Some("Instantiating"),
        (Some(_), _) => Some("Instantiated"),
        (None, Some(gone)) if *gone > now => Some("Terminating"),
        (None, Some(_)) => Some("Terminated"),
        (None, None) => None,
    }
}

/// The logical cloud that an operation's URL names.
fn cloud_of(uri: &Uri, world: &World) -> Result<Key, Refusal> {
    let cloud = above(&key_of(uri)).to_vec();
    match world.contains(&cloud) {
        true => Ok(cloud),
        false => Err(Refusal::new(404, LogicalCloud::MISSING)),
    }
}

/// Adds an action of the logical cloud's history.
fn did(state: State, instance: String, cloud: &Key, world: &mut World) {
    let time = world.now();
    let actions = world.cloud_actions.entry(cloud.clone()).or_default();
    let revision = actions.last().map_or(0, |last| last.revision + 1);
    actions.push(Action { state, instance, time, revision });
}

fn last_context(cloud: &Key, world: &World) -> String {
    let last = world.cloud_actions.get(cloud).and_then(|actions| actions.last());
    last.map_or_else(String::new, |action| action.instance.clone())
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
pub(crate) async fn instantiate(
    Extract(shared): Extract<Arc<Shared>>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let mut world = shared.world();
    let cloud = cloud_of(&uri, &world)?;
    if clusters_of(&cloud, &world).is_empty() {
        return Err(Refusal::new(400, NO_CLUSTERS));
    }
    let text = match progress(&cloud, &world) {
        Some("Instantiating") => "The Logical Cloud is already instantiating",
        Some("Instantiated") => "The Logical Cloud is already instantiated",
        Some("Terminating") => "The Logical Cloud can't be re-instantiated yet, it is being terminated",
        _ => {
            let (context, usable) = (world.new_context(), world.now() + world.cloud_settle_time);
            did(State::Instantiated, context, &cloud, &mut world);
            world.clouds.insert(cloud, usable);
            return Ok(reply::empty(StatusCode::ACCEPTED));
        }
    };
    Err(Refusal::new(409, text))
}

/// `POST …/logical-clouds/{cloud}/terminate`
pub(crate) async fn terminate(Extract(shared): Extract<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let mut world = shared.world();
    let cloud = cloud_of(&uri, &world)?;
    if uses(&cloud, &world) {
        let text = "Found at least one DIG associated with Logical Cloud attempted to be terminated";
        return Err(Refusal::new(400, text));
    }
    if clusters_of(&cloud, &world).is_empty() {
        return Err(Refusal::new(400, NO_CLUSTERS));
    }
    let text = match progress(&cloud, &world) {
        Some("Instantiating") => "The Logical Cloud is still instantiating",
        Some("Terminating") => "The Logical Cloud is already being terminated",
        Some("Terminated") => "The Logical Cloud has already been terminated",
        Some(_) => {
            let (context, gone) = (last_context(&cloud, &world), world.now() + world.cloud_settle_time);
            did(State::Terminated, context, &cloud, &mut world);
            world.clouds.remove(&cloud);
            world.leaving_clouds.insert(cloud, gone);
            return Ok(reply::empty(StatusCode::ACCEPTED));
        }
        // Of one that was never instantiated there is nothing to end.
        None => return Ok(reply::empty(StatusCode::ACCEPTED)),
    };
    Err(Refusal::new(409, text))
}

fn uses(cloud: &[String], world: &World) -> bool {
    let (project, name) = (&cloud[..2], cloud.last());
    world.digs.keys().filter(|dig| dig.starts_with(project)).any(|dig| {
        world.value(dig).and_then(|of| of["spec"]["logicalCloud"].as_str()) == name.map(String::as_str)
    })
}

/// `GET …/logical-clouds/{cloud}/status`. A logical cloud of level 0 has no resources, so nothing is counted.
pub(crate) async fn status(Extract(shared): Extract<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let query = |wanted: &str| {
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .find_map(|(key, value)| (key == wanted).then(|| value.into_owned()))
    };
    let ready = match query("status").as_deref() {
        None | Some("ready") => true,
        Some("deployed") => false,
        Some(_) => return Err(Refusal::new(400, "Invalid query status")),
    };
    if !matches!(query("output").as_deref(), None | Some("summary" | "all" | "detail")) {
        return Err(Refusal::new(400, "Invalid query output"));
    }
    let world = shared.world();
    let cloud = cloud_of(&uri, &world)?;
    let states =
        json!({"statusctxid": last_context(&cloud, &world), "actions": world.cloud_actions.get(&cloud)});
    let mut status = json!({"project": cloud[1], "name": cloud[3], "states": states});
    if let Some(deployed) = progress(&cloud, &world) {
        status["deployedStatus"] = deployed.into();
        if ready {
            status["readyStatus"] = "Ready".into();
        }
    }
    Ok(reply::json(StatusCode::OK, &status))
}
