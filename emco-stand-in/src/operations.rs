//! `approve`, `instantiate`, `update`, `terminate` of a DIG: EMCO's preconditions, and its words when they fail
//! (EMCO-API §6.5).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;

use crate::crud::key_of;
use crate::dependencies::refuse_cycles;
use crate::digs::{AppIntent, Dig};
use crate::lifecycle::{AppClusters, Lifecycle, State};
use crate::logical_clouds::clusters_of;
use crate::reply::{self, Refusal};
use crate::resources::{App, AppProfile, DigIntents, PlacementIntent, Resource};
use crate::server::Shared;
use crate::store::{Key, World};
use crate::{charts, go_json};
use emco::ClusterRef;

/// `POST {DIG}/approve`
pub(crate) async fn approve(Extract(shared): Extract<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let (key, dig) = dig_of(&uri);
    let mut world = shared.world();
    let now = world.now();
    let lifecycle = lifecycle(&mut world, &key).ok_or_else(|| Refusal::new(500, no_state_info(&dig)))?;
    match lifecycle.state() {
        State::Approved => {}
        State::Created | State::Terminated | State::Updated => lifecycle.approve(now),
        State::Instantiated => {
            let text = format!("DeploymentIntentGroup has already been instantiated{dig}");
            return Err(Refusal::new(500, text));
        }
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
    let state = lifecycle(&mut world, &key).ok_or_else(|| Refusal::new(404, Dig::MISSING))?.state();
    match state {
        State::Approved | State::Terminated => {}
        State::Created => {
            let text = format!("DeploymentIntentGroup must be Approved before instantiating{dig}");
            return Err(Refusal::new(500, text));
        }
        State::Instantiated => {
            let text = format!("DeploymentIntentGroup has already been instantiated{dig}");
            return Err(Refusal::new(500, text));
        }
        State::Updated => {
            return Err(Refusal::new(500, "DeploymentIntentGroup is in an unknown stateUpdated"));
        }
    }
    let targets = targets(&world, &key)?;
    let (context, now, settle) = (new_context(&mut world), world.now(), world.settle_time);
    if let Some(lifecycle) = lifecycle(&mut world, &key) {
        lifecycle.instantiate(targets, context, now, settle);
    }
    Ok(reply::empty(StatusCode::ACCEPTED))
}

/// `POST {DIG}/update`
pub(crate) async fn update(Extract(shared): Extract<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let (key, dig) = dig_of(&uri);
    let mut world = shared.world();
    match lifecycle(&mut world, &key).map(|lifecycle| lifecycle.state()) {
        None => return Err(Refusal::new(500, STATE_INFO_MISSING)),
        Some(State::Instantiated) => {}
        Some(_) => return Err(Refusal::new(500, not_instantiated(&dig))),
    }
    let targets = targets(&world, &key)?;
    let (context, now, settle) = (new_context(&mut world), world.now(), world.settle_time);
    let revision =
        lifecycle(&mut world, &key).map(|lifecycle| lifecycle.update(targets, context, now, settle));
    Ok(reply::json(StatusCode::ACCEPTED, &revision))
}

/// Keeps an update for later, with what the intents ask for now.
pub(crate) fn withhold(shared: &Shared, uri: &Uri) {
    let (key, _) = dig_of(uri);
    let mut world = shared.world();
    if let Ok(targets) = targets(&world, &key) {
        world.withheld.push((key, targets));
    }
}

/// Makes the updates that were kept, and says how many.
pub(crate) fn commit_withheld(shared: &Shared) -> usize {
    let mut world = shared.world();
    let withheld = std::mem::take(&mut world.withheld);
    let count = withheld.len();
    for (key, targets) in withheld {
        let (context, now, settle) = (new_context(&mut world), world.now(), world.settle_time);
        if let Some(lifecycle) = lifecycle(&mut world, &key) {
            lifecycle.update(targets, context, now, settle);
        }
    }
    count
}

/// `POST {DIG}/terminate`
pub(crate) async fn terminate(Extract(shared): Extract<Arc<Shared>>, uri: Uri) -> Result<Response, Refusal> {
    let (key, dig) = dig_of(&uri);
    let mut world = shared.world();
    let (now, settle) = (world.now(), world.settle_time);
    let lifecycle = lifecycle(&mut world, &key).ok_or_else(|| Refusal::new(500, no_state_info(&dig)))?;
    if lifecycle.state() != State::Instantiated {
        return Err(Refusal::new(500, not_instantiated(&dig)));
    }
    lifecycle.terminate(now, settle);
    Ok(reply::empty(StatusCode::ACCEPTED))
}

/// What `rollback` wants.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rollback {
    spec: RollbackSpec,
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
    let (key, dig) = dig_of(&uri);
    let wanted: Rollback = go_json::decode(&body).map_err(Refusal::unreadable)?;
    let mut world = shared.world();
    let (now, settle) = (world.now(), world.settle_time);
    let lifecycle = lifecycle(&mut world, &key).ok_or_else(|| Refusal::new(500, no_state_info(&dig)))?;
    if lifecycle.state() != State::Instantiated {
        return Err(Refusal::new(500, not_instantiated(&dig)));
    }
    let back = wanted.spec.revision.parse().is_ok_and(|revision| lifecycle.rollback(revision, now, settle));
    match back {
        true => Ok(reply::empty(StatusCode::ACCEPTED)),
        // EMCO answers 500; its words for it are in no source at hand.
        false => Err(Refusal::new(500, format!("No revision {} of {dig}", wanted.spec.revision))),
    }
}

const STATE_INFO_MISSING: &str = "DeploymentIntentGroup StateInfo not found";

fn no_state_info(dig: &str) -> String {
    format!("DeploymentIntentGroup has no state info: {dig}: {STATE_INFO_MISSING}")
}

fn not_instantiated(dig: &str) -> String {
    format!("DeploymentIntentGroup is not instantiated :{dig}")
}

/// The DIG above an operation's URL, and its name.
fn dig_of(uri: &Uri) -> (Key, String) {
    let mut key = key_of(uri);
    key.pop();
    let name = key.last().cloned().unwrap_or_default();
    (key, name)
}

fn lifecycle<'a>(world: &'a mut World, key: &Key) -> Option<&'a mut Lifecycle> {
    world.digs.get_mut(key)
}

fn new_context(world: &mut World) -> String {
    world.contexts += 1;
    // EMCO's are random numbers of this length.
    (5_577_006_791_947_779_410 + world.contexts).to_string()
}

/// Where every app of the DIG should run, or EMCO's reason why it cannot be worked out; checked in EMCO's order.
fn targets(world: &World, key: &Key) -> Result<AppClusters, Refusal> {
    let dig: Dig = world.find(key).ok_or_else(|| Refusal::new(404, Dig::MISSING))?;
    let below = |key: &[String], names: &[&str]| -> Key {
        key.iter().cloned().chain(names.iter().map(|name| (*name).to_owned())).collect()
    };
    let intents = world.list::<DigIntents>(&below(key, &["intents"]));
    let gpi = intents
        .iter()
        .find_map(|(_, intents)| intents.spec.intent.get(DigIntents::PLACEMENT))
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

    let mut placed = AppClusters::new();
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
        // Each cluster of the cloud satisfies one mention, so a cluster that is named twice is one too many.
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
        placed.insert(app.clone(), clusters);
    }
    Ok(placed)
}

fn usable_clusters(world: &World, cloud: &Key) -> Result<Vec<ClusterRef>, Refusal> {
    if !world.contains(cloud) {
        return Err(Refusal::new(400, "Failed to obtain Logical Cloud specified"));
    }
    match world.clouds.get(cloud) {
        None => Err(Refusal::new(500, "The Logical Cloud has never been instantiated")),
        Some(usable) if *usable > world.now() => {
            let text = "The Logical Cloud is still instantiating, please wait and try again.";
            Err(Refusal::new(500, text))
        }
        Some(_) => Ok(clusters_of(cloud, world)),
    }
}
