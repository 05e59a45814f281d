//! What both workflows do: change placements, have EMCO act on them, and take it back where the end is not reached.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use emco::Revision;
use temporalio_common::error::{ApplicationFailure, OutgoingWorkflowError};
use temporalio_sdk::WorkflowTermination;
use worker_kit::Steps;

use crate::activities::MigrateActivities;
use crate::model::{AppClusters, Dig, Edit, Migration, Snapshot, Target, Wait};

/// How much longer than its own time the activity that waits has: it is to say itself that time is over.
pub(super) const GRACE: Duration = Duration::from_secs(60);

/// What is known of the update while it may have to be taken back.
#[derive(Debug, Default)]
pub(super) struct Deployment {
    /// EMCO may have begun an update of ours.
    touched: Cell<bool>,
    /// The app intents are as they were, and the DIG then had this revision.
    restored: Cell<Option<Option<Revision>>>,
}

/// Says how to take back what `edits` change. The intents come first: an update with the wrong ones would move the apps again.
pub(super) fn undo_later<W: 'static>(
    steps: &Steps<W>,
    dig: &Dig,
    snapshot: &Snapshot,
    edits: &[Edit],
    target: &Target,
    within: Duration,
) -> Rc<Deployment> {
    let deployment = Rc::<Deployment>::default();
    let (originals, before) = (snapshot.originals(edits), snapshot.revision);
    let wait = back(dig, snapshot, edits, target, within);
    let intents: Vec<String> =
        edits.iter().map(|edit| format!("{}/{}", edit.generic_placement_intent, edit.app_intent)).collect();

    // The last one is undone first.
    let (dig, state) = (dig.clone(), Rc::clone(&deployment));
    let name = format!("deployment ({})", shown(&wait.on));
    let of_dig = dig.clone();
    steps.undo(name, async move |steps: &Steps<W>| {
        let Some(now) = state.restored.get() else {
            return Err(refusal("not tried, as the app intents are not what they were"));
        };
        let unchanged = now == before;
        if unchanged && !state.touched.get() {
            return Ok(());
        }
        let updated = steps.run(MigrateActivities::do_dig_update, (of_dig, now)).await;
        match updated {
            // EMCO may have refused our update as it refuses this one; then the apps never left.
            Err(error) if unchanged => {
                steps.run(MigrateActivities::check_readiness_status, wait).await.map(drop).map_err(|_| error)
            }
            Err(error) => Err(error),
            Ok(_) => steps.run(MigrateActivities::check_readiness_status, wait).await.map(drop),
        }
    });
    let state = Rc::clone(&deployment);
    steps.undo(format!("app intents ({})", intents.join(", ")), async move |steps: &Steps<W>| {
        let now = steps.run(MigrateActivities::restore_app_intents, (dig, originals)).await?;
        state.restored.set(Some(now));
        Ok(())
    });
    deployment
}

/// Writes `edits` and has EMCO act on them.
pub(super) async fn change<W: 'static>(
    steps: &Steps<W>,
    migration: Migration,
    snapshot: &Snapshot,
    deployment: Option<&Deployment>,
) -> Result<(), WorkflowTermination> {
    let dig = migration.dig.clone();
    let before = steps.run(MigrateActivities::update_app_intents, (migration, snapshot.names())).await?;
    let former = deployment.map(|deployment| deployment.touched.replace(true));
    let updated = steps.run(MigrateActivities::do_dig_update, (dig, before)).await;
    if let (Err(error), Some(deployment), Some(former)) = (&updated, deployment, former)
        && is_refusal(error)
    {
        deployment.touched.set(former);
    }
    updated.map(drop)
}

/// What to wait for when all is as it was: each app that was moved on its former clusters alone.
fn back(dig: &Dig, snapshot: &Snapshot, edits: &[Edit], target: &Target, within: Duration) -> Wait {
    let (mut on, mut off) = (AppClusters::new(), AppClusters::new());
    for edit in edits {
        let former = snapshot.clusters.get(&edit.app).cloned().unwrap_or_default();
        if !former.contains(target) {
            off.insert(edit.app.clone(), vec![target.clone()]);
        }
        on.insert(edit.app.clone(), former);
    }
    Wait { dig: dig.clone(), on, off, settled: true, within }
}

/// Whether EMCO said no, for good: then nothing began.
fn is_refusal(error: &WorkflowTermination) -> bool {
    matches!(error, WorkflowTermination::Failed(OutgoingWorkflowError::Application(failure))
        if failure.is_non_retryable() && failure.type_name().is_some_and(|kind| kind != "EmcoNotEmco"))
}

fn refusal(text: &'static str) -> WorkflowTermination {
    ApplicationFailure::builder(text).type_name("NotTried".to_owned()).non_retryable(true).build().into()
}

fn shown(clusters: &AppClusters) -> String {
    let app = |(app, on): (&String, &Vec<Target>)| {
        let on: Vec<String> = on.iter().map(ToString::to_string).collect();
        format!("{app} on {}", on.join(", "))
    };
    clusters.iter().map(app).collect::<Vec<_>>().join("; ")
}
