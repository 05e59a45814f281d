//! The checks before anything is written.

use emco::{Deployed, DigState, Kind, Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use super::removals::{Contexts, Owed, is_on};
use crate::emco_calls::{clm, dcm, failure, is_elsewhere, lasting, orchestrator};
use crate::model::{Check, Target};
use crate::placement::{is_same_placement, moved};

/// The maximum number of names in a message.
const MOST_NAMES: usize = 20;

/// A fault: the type of the failure, and the message.
type Fault = (&'static str, String);

/// Reports all faults in one failure, which has the type of the first.
pub(super) async fn check(check: &Check) -> Result<(), ActivityError> {
    let mut faults = state(check);
    faults.extend(cluster(check).await?);
    faults.extend(logical_cloud(check).await?);
    let (in_the_way, owed) = owed(check).await?;
    faults.extend(in_the_way);
    if check.all_apps {
        faults.extend(apps(check).await?);
        faults.extend(already_there(check, &owed));
    }
    let Some((kind, _)) = faults.first() else { return Ok(()) };
    let texts: Vec<&str> = faults.iter().map(|(_, text)| text.as_str()).collect();
    Err(lasting(kind, format!("nothing was changed: {}", texts.join("; "))))
}

fn state(check: &Check) -> Vec<Fault> {
    let (key, snapshot) = (check.dig.key(), &check.snapshot);
    let mut faults = Vec::new();
    if snapshot.state != Some(DigState::Instantiated) {
        let state = snapshot
            .state
            .as_ref()
            .map_or_else(|| "without a state".to_owned(), |state| format!("{state:?}"));
        faults.push((
            "EmcoNotInstantiated",
            format!("{key} is {state}, not Instantiated; instantiate it first"),
        ));
    }
    if let Some(busy @ (Deployed::Instantiating | Deployed::Updating | Deployed::Terminating)) =
        &snapshot.deployed
    {
        faults.push((
            "UpdateInProgress",
            format!("EMCO is working on {key} ({busy:?}); wait until it has finished"),
        ));
    }
    faults
}

async fn cluster(check: &Check) -> Result<Option<Fault>, ActivityError> {
    let unknown = unknown_cluster(&clm(&check.dig)?, &check.target, check.dig.clm_url.is_none()).await?;
    Ok(unknown.map(|text| ("NoSuchCluster", text)))
}

/// Returns a message with the existing clusters if CLM does not know the cluster. If CLM does not respond at this URL
/// and
/// `may_be_elsewhere`, the cluster is not checked.
pub(super) async fn unknown_cluster(
    clm: &emco::Client,
    Target { provider, cluster }: &Target,
    may_be_elsewhere: bool,
) -> Result<Option<String>, ActivityError> {
    match clm.cluster_names(provider).await {
        Ok(names) if names.contains(cluster) => Ok(None),
        Ok(names) => Ok(Some(format!("{provider} has no cluster {cluster}, but {}", listed(&names)))),
        Err(error) if is_elsewhere(&error) && may_be_elsewhere => Ok(None),
        Err(error) if error.kind() == Kind::NotFound => {
            let names = clm.cluster_provider_names().await.map_err(failure)?;
            Ok(Some(format!("EMCO has no cluster provider {provider}, but {}", listed(&names))))
        }
        Err(error) => Err(failure(error)),
    }
}

async fn logical_cloud(check: &Check) -> Result<Option<Fault>, ActivityError> {
    let (key, target) = (check.dig.key(), &check.target);
    let emco = orchestrator(&check.dig)?;
    let dig = match emco.get_dig(&key).await {
        Ok(dig) => dig,
        Err(error) if error.kind() == Kind::NotFound => {
            let names = emco.dig_names(&key).await.map_err(failure)?;
            return Ok(Some(("EmcoNotFound", format!("{key} does not exist, but {}", listed(&names)))));
        }
        Err(error) => return Err(failure(error)),
    };
    let cloud = dig.spec.logical_cloud;
    // EMCO decides about a DIG without a logical cloud.
    if cloud.is_empty() {
        return Ok(None);
    }
    let clusters = match dcm(&check.dig)?.logical_cloud_clusters(&key.project, &cloud).await {
        Ok(clusters) => clusters,
        Err(error) if is_elsewhere(&error) && check.dig.dcm_url.is_none() => return Ok(None),
        Err(error) => return Err(failure(error)),
    };
    if clusters.contains(target) {
        return Ok(None);
    }
    let names: Vec<String> = clusters.iter().map(ToString::to_string).collect();
    let text = format!("{target} is not in {key}'s logical cloud {cloud}, which has {}", listed(&names));
    Ok(Some(("EmcoOutsideLogicalCloud", text)))
}

/// Finds removals that rsync has not made yet, and that would later remove an app from the target, or from a cluster
/// where it stays. Also returns the texts of all pending removals.
async fn owed(check: &Check) -> Result<(Option<Fault>, Vec<String>), ActivityError> {
    let (emco, key) = (orchestrator(&check.dig)?, check.dig.key());
    let status = emco.dig_status(&key, &StatusQuery::ready()).await.map_err(failure)?;
    let known = Contexts::new(&emco, &key).known(&status, Revision(0)).await.map_err(failure)?;
    let now = known.now();
    let stays = |app: &str, cluster: &Target| {
        *cluster == check.target || is_on(&now, app, cluster) && !is_on(&check.leaving, app, cluster)
    };
    let in_the_way = known.owed(stays);
    let fault = in_the_way.first().map(|first| {
        let texts: Vec<String> = in_the_way.iter().map(Owed::text).collect();
        ("RemovalPending", format!("{}; {}, then start the workflow again", texts.join("; "), first.advice()))
    });
    Ok((fault, known.owed(|_, _| true).iter().map(Owed::text).collect()))
}

async fn apps(check: &Check) -> Result<Option<Fault>, ActivityError> {
    let key = check.dig.key();
    let placed = check.snapshot.apps();
    let mut apps = orchestrator(&check.dig)?.app_names(&key).await.map_err(failure)?;
    apps.retain(|app| !placed.contains(app));
    let text = || {
        format!("{} of {key} have no app intent; those that have one are {}", listed(&apps), listed(&placed))
    };
    Ok((!apps.is_empty()).then(|| ("AppWithoutIntent", text())))
}

fn already_there(check: &Check, owed: &[String]) -> Option<Fault> {
    let (target, snapshot) = (&check.target, &check.snapshot);
    let intended =
        snapshot.intents().all(|(_, of)| is_same_placement(&of.spec.intent, &moved(&of.spec.intent, target)));
    let deployed = !snapshot.clusters.is_empty()
        && snapshot.clusters.values().all(|on| on.as_slice() == std::slice::from_ref(target));
    let text = || {
        let but = if owed.is_empty() { String::new() } else { format!(", but {}", owed.join("; ")) };
        format!("every app of {} is already on {target}{but}", check.dig.key())
    };
    (intended && deployed).then(|| ("AlreadyThere", text()))
}

/// Lists names for a message.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names if names.len() > MOST_NAMES => {
            format!("{} and {} more", names[..MOST_NAMES].join(", "), names.len() - MOST_NAMES)
        }
        names => names.join(", "),
    }
}
