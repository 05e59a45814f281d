//! Reads, changes and restores app intents.

use std::time::SystemTime;

use emco::{AppIntent, Clause, Kind, Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use crate::emco_calls::{Patience, failure, lasting, one_line, orchestrator, revision};
use crate::model::{AppIntents, AppNameIntentPair, Dig, Edit, Migration, Originals, Snapshot};
use crate::placement::{is_same_placement, moved};

pub(super) async fn find(dig: &Dig) -> Result<Snapshot, ActivityError> {
    let (emco, key) = (orchestrator(dig)?, dig.key());
    let mut snapshot = Snapshot::default();
    for gpi in emco.list_generic_placement_intents(&key).await.map_err(failure)? {
        let intents = emco.list_app_intents(&key, &gpi.metadata.name).await.map_err(failure)?;
        snapshot.app_intents.insert(gpi.metadata.name, intents);
    }
    // EMCO also responds with an empty list if the DIG does not exist (EMCO-API §6.4).
    if snapshot.app_intents.values().all(Vec::is_empty) {
        let mut message =
            format!("{key} has no app intents to change; does the deployment intent group exist?");
        // The names only help the reader, so an error here does not matter.
        if let Ok(names) = emco.dig_names(&key).await {
            message = format!("{message} Its composite app has {}", super::preflight::listed(&names));
        }
        return Err(lasting("NoAppIntents", message));
    }
    let status = emco.dig_status(&key, &StatusQuery::ready()).await.map_err(failure)?;
    snapshot.clusters = status.clusters();
    snapshot.revision = status.revision();
    snapshot.state = status.state().cloned();
    snapshot.deployed = status.deployed_status;
    Ok(snapshot)
}

pub(super) async fn place(
    migration: &Migration,
    intents: &AppIntents,
    scheduled: Option<SystemTime>,
) -> Result<Option<Revision>, ActivityError> {
    let (emco, key) = (orchestrator(&migration.dig)?, migration.dig.key());
    let patience = Patience::new(scheduled);
    for (gpi, pairs) in intents {
        let edits: Vec<&Edit> =
            migration.edits.iter().filter(|edit| edit.generic_placement_intent == *gpi).collect();
        // Read again just before writing, so that other changes since then are kept.
        let mut found = emco.list_app_intents(&key, gpi).await.map_err(failure)?;
        for AppNameIntentPair { app_name, app_intent_name } in pairs {
            let edit = edits.iter().find(|edit| edit.app_intent == *app_intent_name);
            if edit.is_none() && !migration.edits.is_empty() {
                continue;
            }
            let Some(intent) = found.iter_mut().find(|intent| intent.metadata.name == *app_intent_name)
            else {
                let message = format!(
                    "the app intent {gpi}/{app_intent_name} of {app_name} no longer exists; start the workflow again"
                );
                return Err(lasting("AppIntentGone", message));
            };
            let placed = &mut intent.spec.intent;
            let wanted = edit.map_or_else(|| moved(placed, &migration.target), |edit| edit.after.clone());
            if is_same_placement(placed, &wanted) {
                continue;
            }
            if edit.is_some_and(|edit| !is_same_placement(placed, &edit.before)) {
                let message = format!(
                    "somebody changed the app intent {gpi}/{app_intent_name} of {app_name}; start the workflow again"
                );
                return Err(lasting("AppIntentChanged", message));
            }
            *placed = wanted;
            while let Err(error) = emco.put_app_intent(&key, gpi, intent).await {
                if !patience.allows(&error).await {
                    return Err(not_placed(error, intent, migration));
                }
            }
        }
    }
    revision(&emco, &key).await.map_err(failure)
}

/// Explains EMCO's general error: EMCO responds with it for a cluster outside the logical cloud, and for clusters and
/// labels that do not exist.
fn not_placed(error: emco::Error, intent: &AppIntent, migration: &Migration) -> ActivityError {
    if error.kind() != Kind::Internal {
        return failure(error);
    }
    let dig = &migration.dig;
    let of_clause = |of: &Clause| match of.as_cluster() {
        Some(cluster) => cluster.to_string(),
        None => format!("label {} of {}", of.cluster_label, of.cluster_provider),
    };
    let named: Vec<String> = intent.spec.intent.contracted().all_of.iter().map(of_clause).collect();
    let asked = match (&dig.clm_url, &dig.dcm_url) {
        (Some(_), Some(_)) => "",
        _ => {
            "; give emcoClmEndpoint and emcoDcmEndpoint to have the target checked before anything is written"
        }
    };
    let message = format!(
        "EMCO did not accept the new placement of {} ({}): {}. Probably one of these clusters does not exist or is not \
         in the logical cloud of {}, or no cluster there has the label{asked}",
        intent.spec.app,
        named.join(", "),
        one_line(error),
        dig.key(),
    );
    lasting("EmcoInternal", message)
}

pub(super) async fn restore(dig: &Dig, originals: &Originals) -> Result<Option<Revision>, ActivityError> {
    let (emco, key) = (orchestrator(dig)?, dig.key());
    for (gpi, intents) in originals {
        let found = emco.list_app_intents(&key, gpi).await.map_err(failure)?;
        let is_there = |intent: &&AppIntent| found.iter().any(|of| is_same(of, intent));
        for intent in intents.iter().filter(|intent| !is_there(intent)) {
            emco.put_app_intent(&key, gpi, intent).await.map_err(failure)?;
        }
    }
    revision(&emco, &key).await.map_err(failure)
}

/// Whether both are equal, apart from EMCO's expansion of labels.
fn is_same(one: &AppIntent, other: &AppIntent) -> bool {
    let contracted = |of: &AppIntent| {
        let mut of = of.clone();
        of.spec.intent = of.spec.intent.contracted();
        of
    };
    contracted(one) == contracted(other)
}
