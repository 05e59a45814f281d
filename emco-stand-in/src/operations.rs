//! `approve`, `instantiate`, `update`, `rollback`, `migrate`, `stop`, `terminate` of a DIG: EMCO's
//! preconditions, and its words when they fail (EMCO-API §6.5).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;

use crate::crud::key_of;
use crate::dependencies::{refuse_cycles, waiting};
use crate::digs::{AppIntent, Dig};
use crate::key::{Key, below};
use crate::lifecycle::{Lifecycle, State, Targets};
use crate::logical_clouds::{clusters_of, progress};
use crate::references::PLACEMENT;
use crate::reply::{self, Refusal};
use crate::resources::{App, AppProfile, DigIntents, Document, PlacementIntent, Resource};
use crate::shared::Shared;
use crate::store::World;
use crate::{charts, go_json};
use emco::ClusterRef;

/// `POST {DIG}/approve`
pub(crate) async fn approve(Extract(shared): Extract<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let (key, dig) = dig_of(&uri);
    let mut world = shared.world();
    let now = world.now();
    let lifecycle = world.digs.get_mut(&key).ok_or_else(|| Refusal::new(404, Dig::MISSING))?;
    match lifecycle.state() {
        State::Approved => {}
        State::Created | State::Terminated | State::TerminateStopped | State::Updated => {
            lifecycle.approve(now)
        }
        State::Instantiated | State::InstantiateStopped => return Err(already_instantiated(&dig)),
    }
    Ok(reply::empty(StatusCode::ACCEPTED))
}

/// `POST {DIG}/instantiate`
pub(crate) async fn instantiate(
    Extract(shared): Extract<Arc<Shared>>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let (key, dig) = dig_of(&uri);
    let mut world = shared.world();
    match world.digs.get(&key).ok_or_else(|| Refusal::new(404, Dig::MISSING))?.state() {
        State::Approved | State::Terminated | State::TerminateStopped => {}
        State::Created => {
            let text = format!("DeploymentIntentGroup must be Approved before instantiating{dig}");
            return Err(Refusal::new(500, text));
        }
        State::Instantiated | State::InstantiateStopped => return Err(already_instantiated(&dig)),
        State::Updated => {
            return Err(Refusal::new(500, "DeploymentIntentGroup is in an unknown stateUpdated"));
        }
    }
    let targets = targets(&world, &key)?;
    let (context, clock) = (world.new_context(), world.clock());
    if let Some(lifecycle) = world.digs.get_mut(&key) {
        lifecycle.instantiate(targets, context, clock);
    }
    Ok(reply::empty(StatusCode::ACCEPTED))
}

/// `POST {DIG}/update`
pub(crate) async fn update(Extract(shared): Extract<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let (key, dig) = dig_of(&uri);
    let mut world = shared.world();
    instantiated(&mut world, &key, &dig)?;
    let targets = targets(&world, &key)?;
    let revision = make_update(&mut world, &key, targets);
    Ok(reply::json(StatusCode::ACCEPTED, &revision))
}

fn make_update(world: &mut World, key: &Key, targets: Targets) -> Option<u64> {
    let (context, clock) = (world.new_context(), world.clock());
    let lifecycle = world.digs.get_mut(key)?;
    Some(lifecycle.update(targets, context, clock, &mut world.rsync))
}

/// Keeps an update for later, with the placement that the intents ask for now.
pub(crate) fn withhold(shared: &Shared, uri: &Uri) {
    let (key, _) = dig_of(uri);
    let mut world = shared.world();
    if let Ok(targets) = targets(&world, &key) {
        world.withheld.push((key, targets));
    }
}

/// Makes the updates that were kept, and returns their number.
pub(crate) fn commit_withheld(shared: &Shared) -> usize {
    let mut world = shared.world();
    let withheld = std::mem::take(&mut world.withheld);
    let count = withheld.len();
    for (key, targets) in withheld {
        let _revision = make_update(&mut world, &key, targets);
    }
    count
}

/// `POST {DIG}/terminate`
pub(crate) async fn terminate(Extract(shared): Extract<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let (key, dig) = dig_of(&uri);
    let mut world = shared.world();
    let clock = world.clock();
    instantiated(&mut world, &key, &dig)?.terminate(clock);
    Ok(reply::empty(StatusCode::ACCEPTED))
}

/// `POST {DIG}/stop`
pub(crate) async fn stop(Extract(shared): Extract<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let (key, dig) = dig_of(&uri);
    let mut world = shared.world();
    let now = world.now();
    let lifecycle = recorded(&mut world, &key)?;
    let refused = match lifecycle.state() {
        State::Instantiated | State::Terminated => {
            if matches!(lifecycle.progress(now), Some("Instantiating" | "Terminating")) {
                lifecycle.stop(now);
                return Ok(reply::empty(StatusCode::ACCEPTED));
            }
            format!("DeploymentIntentGroup is not instantiating or terminating:{dig}")
        }
        State::Created => format!("DeploymentIntentGroup have not been approved: {dig}"),
        State::Approved => format!("DeploymentIntentGroup has not been instantiated:{dig}"),
        State::Updated => format!("DeploymentIntentGroup is in an invalid state: {dig} Updated"),
        State::InstantiateStopped => format!("DeploymentIntentGroup instantiation already stopped: {dig}"),
        State::TerminateStopped => format!("DeploymentIntentGroup termination already stopped: {dig}"),
    };
    Err(Refusal::new(500, refused))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct MigrateSpec {
    target_composite_app_version: String,
    target_deployment_intent_group: String,
}

/// `POST {DIG}/migrate`, as far as EMCO refuses it.
pub(crate) async fn migrate(
    Extract(shared): Extract<Arc<Shared>>,
    uri: Uri,
    body: Bytes,
) -> Result<Response, Refusal> {
    let (mut key, dig) = dig_of(&uri);
    let Document { spec, .. }: Document<MigrateSpec> = go_json::decode(&body).map_err(Refusal::unreadable)?;
    let mut world = shared.world();
    instantiated(&mut world, &key, &dig)?;
    key[4] = spec.target_composite_app_version;
    key[6] = spec.target_deployment_intent_group;
    match world.contains(&key) {
        false => Err(Refusal::new(404, Dig::MISSING)),
        // Ours: EMCO never responds with this.
        true => {
            Err(Refusal::new(501, "the stand-in moves nothing from one deployment intent group to another"))
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RollbackSpec {
    revision: String,
}

/// `POST {DIG}/rollback`
pub(crate) async fn rollback(
    Extract(shared): Extract<Arc<Shared>>,
    uri: Uri,
    body: Bytes,
) -> Result<Response, Refusal> {
    let (key, _) = dig_of(&uri);
    let Document { spec, .. }: Document<RollbackSpec> =
        go_json::decode(&body).map_err(Refusal::unreadable)?;
    let mut world = shared.world();
    let clock = world.clock();
    recorded(&mut world, &key)?;
    // EMCO does not look at the state: a DIG that has no such revision has no context for it.
    let revision: u64 = spec.revision.parse().map_err(|_no_number| Refusal::new(500, Refusal::INTERNAL))?;
    let World { digs, rsync, .. } = &mut *world;
    let rolled_back = digs.get_mut(&key).is_some_and(|lifecycle| lifecycle.rollback(revision, clock, rsync));
    match rolled_back {
        true => Ok(reply::empty(StatusCode::ACCEPTED)),
        false => Err(Refusal::new(500, "No matching ContextId found")),
    }
}

fn already_instantiated(dig: &str) -> Refusal {
    Refusal::new(500, format!("DeploymentIntentGroup has already been instantiated{dig}"))
}

/// Returns the DIG above an operation's URL, and its name.
fn dig_of(uri: &Uri) -> (Key, String) {
    let mut key = key_of(uri);
    key.pop();
    let name = key.last().cloned().unwrap_or_default();
    (key, name)
}

fn recorded<'a>(world: &'a mut World, key: &Key) -> Result<&'a mut Lifecycle, Refusal> {
    world.digs.get_mut(key).ok_or_else(|| Refusal::new(500, "DeploymentIntentGroup StateInfo not found"))
}

/// Refuses an operation on a DIG that is not instantiated.
fn instantiated<'a>(world: &'a mut World, key: &Key, dig: &str) -> Result<&'a mut Lifecycle, Refusal> {
    let lifecycle = recorded(world, key)?;
    match lifecycle.state() {
        State::Instantiated | State::InstantiateStopped => Ok(lifecycle),
        _ => Err(Refusal::new(500, format!("DeploymentIntentGroup is not instantiated :{dig}"))),
    }
}

/// Returns where every app of the DIG should run, or EMCO's reason against it. The order of the checks is
/// EMCO's.
fn targets(world: &World, key: &Key) -> Result<Targets, Refusal> {
    let dig: Dig = world.find(key).ok_or_else(|| Refusal::new(404, Dig::MISSING))?;
    let intents = world.list::<DigIntents>(&below(key, &["intents"]));
    let gpi = intents
        .iter()
        .find_map(|(_, intents)| intents.spec.intent.get(PLACEMENT))
        .ok_or_else(|| Refusal::new(404, PlacementIntent::MISSING))?;
    let composite_app = &key[..5];
    let cloud = below(&key[..2], &["logical-clouds", &dig.spec.logical_cloud]);
    let cloud_clusters = usable_clusters(world, &cloud)?;
    let profiles = below(composite_app, &["composite-profiles", &dig.spec.composite_profile, "profiles"]);
    let profiles = world.list::<AppProfile>(&profiles);
    let app_intents =
        world.list::<AppIntent>(&below(key, &["generic-placement-intents", gpi, "app-intents"]));

    let apps = world.list::<App>(&below(composite_app, &["apps"]));
    let names: Vec<String> = apps.iter().filter_map(|(app, _)| app.last().cloned()).collect();
    refuse_cycles(&names, composite_app, world)?;

    let mut placed = Targets { waiting: waiting(&names, composite_app, world), ..Targets::default() };
    for (app_key, _) in apps {
        let Some(app) = app_key.last() else { continue };
        let Some((profile, _)) = profiles.iter().find(|(_, profile)| profile.spec.app == *app) else {
            return Err(Refusal::new(500, "AppProfileContent not found"));
        };
        let file = |key| world.file(key).unwrap_or_default();
        charts::check(app, &file(app_key), &file(profile), &dig.spec.version)?;
        let intent = app_intents.iter().find(|(_, intent)| intent.spec.app == *app);
        let targets = intent.map(|(_, intent)| intent.spec.intent.targets(world)).unwrap_or_default();
        if targets.mandatory.is_empty() && targets.chosen.is_empty() {
            return Err(Refusal::new(
                500,
                "No compatible clusters have been provided to the Deployment Intent Group",
            ));
        }
        // Each cluster of the cloud satisfies one mention, so a cluster must not be named twice.
        let mut unmet = targets.mandatory.clone();
        for cluster in &cloud_clusters {
            if let Some(met) = unmet.iter().position(|wanted| wanted == cluster) {
                unmet.swap_remove(met);
            }
        }
        if !unmet.is_empty() {
            let text = "The specified Logical Cloud doesn't provide the mandatory clusters";
            return Err(Refusal::new(400, text));
        }
        let mut clusters = [targets.mandatory, targets.chosen].concat();
        clusters.sort();
        clusters.dedup();
        placed.clusters.insert(app.clone(), clusters);
    }
    Ok(placed)
}

fn usable_clusters(world: &World, cloud: &Key) -> Result<Vec<ClusterRef>, Refusal> {
    if !world.contains(cloud) {
        return Err(Refusal::new(400, "Failed to obtain Logical Cloud specified"));
    }
    let text = match progress(cloud, world) {
        Some("Instantiated") => return Ok(clusters_of(cloud, world)),
        Some("Instantiating") => "The Logical Cloud is still instantiating, please wait and try again.",
        _ => "The Logical Cloud has never been instantiated",
    };
    Err(Refusal::new(500, text))
}
