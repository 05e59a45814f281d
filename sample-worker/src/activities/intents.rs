//! App intents: found, changed, put back.

use std::time::SystemTime;

use emco::{AppIntent, Clause, Kind, Revision, StatusQuery};
use temporalio_sdk::activities::ActivityError;

use crate::emco_calls::{Patience, clusters, failure, lasting, one_line, orchestrator, revision};
use crate::model::{AppIntents, AppNameIntentPair, Dig, Edit, Migration, Originals, Snapshot};
use crate::placement::{moved, says_the_same};

pub(super) async fn find(dig: &Dig) -> Result<Snapshot, ActivityError> {
    let (emco, key) = (orchestrator(dig)?, dig.key());
    let mut snapshot = Snapshot::default();
    for gpi in emco.list_generic_placement_intents(&key).await.map_err(failure)? {
        let intents = emco.list_app_intents(&key, &gpi.metadata.name).await.map_err(failure)?;
        snapshot.app_intents.insert(gpi.metadata.name, intents);
    }
    // EMCO answers with an empty list too when the DIG does not exist (EMCO-API §6.4).
    if snapshot.app_intents.values().all(Vec::is_empty) {
        let mut message =
            format!("{key} has no app intents to change; does the deployment intent group exist?");
        // Only to help: whatever is wrong here is not what is wrong.
        if let Ok(names) = emco.dig_names(&key).await {
            message = format!("{message} Its composite app has {}", super::preflight::listed(&names));
        }
        return Err(lasting("NoAppIntents", message));
    }
    let status = emco.dig_status(&key, &StatusQuery::ready()).await.map_err(failure)?;
    snapshot.clusters = clusters(&status);
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
        // Read again just before they are written, so that whatever else they say is kept as it is by then.
        let mut found = emco.list_app_intents(&key, gpi).await.map_err(failure)?;
        for AppNameIntentPair { app_name, app_intent_name } in pairs {
            let edit = edits.iter().find(|edit| edit.app_intent == *app_intent_name);
            if edit.is_none() && !migration.edits.is_empty() {
                continue;
            }
            let Some(intent) = found.iter_mut().find(|intent| intent.metadata.name == *app_intent_name)
            else {
                let message =
                    format!("the app intent {gpi}/{app_intent_name} of {app_name} is gone; start again");
                return Err(lasting("AppIntentGone", message));
            };
            let placed = &mut intent.spec.intent;
            let wanted = edit.map_or_else(|| moved(placed, &migration.target), |edit| edit.after.clone());
            if says_the_same(placed, &wanted) {
                continue;
            }
            if edit.is_some_and(|edit| !says_the_same(placed, &edit.before)) {
                let message = format!(
                    "somebody else changed the app intent {gpi}/{app_intent_name} of {app_name}; start again"
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

/// Names what EMCO's general error mostly means: EMCO answers so for a cluster outside the logical cloud, for a cluster and for a label that
/// do not exist.
fn not_placed(error: emco::Error, intent: &AppIntent, migration: &Migration) -> ActivityError {
    if error.kind() != Kind::Internal {
        return failure(error);
    }
    let Migration { dig, .. } = migration;
    let of_clause = |of: &Clause| match of.as_cluster() {
        Some(cluster) => cluster.to_string(),
        None => format!("label {} of {}", of.cluster_label, of.cluster_provider),
    };
    let named: Vec<String> = intent.spec.intent.contracted().all_of.iter().map(of_clause).collect();
    let asked = match (&dig.clm_url, &dig.dcm_url) {
        (Some(_), Some(_)) => "",
        _ => {
            "; give emcoClmEndpoint and emcoDcmEndpoint to have the target looked up before anything is written"
        }
    };
    let message = format!(
        "EMCO did not take the new placement of {} ({}): {}. Likely one of these clusters does not exist or is not in the logical cloud of \
         {}, or a label stands for none of its clusters{asked}",
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

/// Whether both are the same but for what EMCO makes of their labels.
fn is_same(one: &AppIntent, other: &AppIntent) -> bool {
    let contracted = |of: &AppIntent| {
        let mut of = of.clone();
        of.spec.intent = of.spec.intent.contracted();
        of
    };
    contracted(one) == contracted(other)
}
