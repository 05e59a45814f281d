//! The plan of moving one app from one cluster to another without downtime.

use emco::{AppIntent, Placement};
use temporalio_sdk::activities::ActivityError;

use super::preflight::listed;
use crate::emco_calls::{clm, failure, lasting};
use crate::model::{Edit, Relocation, Route, Target};
use crate::placement::{Labels, labels_of, mandatory, reaches, with_target, without_source};

pub(super) async fn plan(relocation: &Relocation) -> Result<Route, ActivityError> {
    let Relocation { dig, target, snapshot, .. } = relocation;
    let key = dig.key();
    // EMCO's own worker ignores case.
    let Some(app) = snapshot.apps().into_iter().find(|app| app.eq_ignore_ascii_case(&relocation.app)) else {
        let message = format!("{key} has no app {}, but {}", relocation.app, listed(&snapshot.apps()));
        return Err(lasting("NoSuchApp", message));
    };
    let now = snapshot.clusters.get(&app).map_or(&[][..], Vec::as_slice);
    let source = source(relocation, &app, now)?;
    let intents: Vec<(&String, &AppIntent)> =
        snapshot.intents().filter(|(_, intent)| intent.spec.app == app).collect();
    let labels = labels(relocation, &intents).await?;

    let mut route = Route { app: app.clone(), source: source.clone(), add: Vec::new(), remove: Vec::new() };
    // A terminated run may have written the app intents without the update that makes EMCO act on them.
    let begun = !intents.iter().any(|(_, intent)| reaches(&intent.spec.intent, &source, &labels));
    for (gpi, intent) in intents {
        let before = &intent.spec.intent;
        let is_done = begun && mandatory(before, &labels).contains(target);
        if !reaches(before, &source, &labels) && !is_done {
            continue;
        }
        let both = with_target(before, target, &labels);
        let after = without_source(&both, &source, &labels).map_err(|_| {
            let message = format!(
                "the app intent {gpi}/{} lets EMCO choose {source} among others (anyOf); without it EMCO would choose \
                 another cluster; name the clusters instead",
                intent.metadata.name
            );
            lasting("SourceIsAChoice", message)
        })?;
        let edit = |before: &Placement, after: &Placement| Edit {
            app: app.clone(),
            generic_placement_intent: gpi.clone(),
            app_intent: intent.metadata.name.clone(),
            before: before.clone(),
            after: after.clone(),
        };
        route.add.push(edit(before, &both));
        route.remove.push(edit(&both, &after));
    }
    if route.remove.is_empty() {
        let message = format!("no app intent of {app} places it on {source}; it is on {}", shown(now));
        return Err(lasting("NoSuchSource", message));
    }
    Ok(route)
}

/// Returns the cluster that the app leaves: the named one, or the only one that it is on.
fn source(relocation: &Relocation, app: &str, now: &[Target]) -> Result<Target, ActivityError> {
    let target = &relocation.target;
    let source = match (&relocation.source, now) {
        (Some(named), _) if now.contains(named) => named,
        (Some(named), _) => {
            return Err(lasting("NoSuchSource", format!("{app} is not on {named}, but on {}", shown(now))));
        }
        (None, [only]) => only,
        (None, _) => {
            let message = format!("{app} is on {}; name the one to leave with sourceClusterName", shown(now));
            return Err(lasting("NoSuchSource", message));
        }
    };
    if source == target {
        let message = format!("{app} is already on {target}; source and target are the same");
        return Err(lasting("AlreadyThere", message));
    }
    Ok(source.clone())
}

async fn labels(relocation: &Relocation, intents: &[(&String, &AppIntent)]) -> Result<Labels, ActivityError> {
    let clm = clm(&relocation.dig)?;
    let mut labels = Labels::new();
    for (provider, label) in intents.iter().flat_map(|(_, intent)| labels_of(&intent.spec.intent)) {
        let clusters = clm.clusters_with_label(&provider, &label).await.map_err(failure)?;
        labels.insert((provider, label), clusters);
    }
    Ok(labels)
}

fn shown(clusters: &[Target]) -> String {
    listed(&clusters.iter().map(ToString::to_string).collect::<Vec<_>>())
}
