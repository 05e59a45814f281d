//! What both workflows do: change placements, have EMCO act on them, and take it back where the end is not reached.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use emco::Revision;
use temporalio_common::error::{ApplicationFailure, IncomingError, OutgoingWorkflowError};
use temporalio_sdk::WorkflowTermination;
use worker_kit::Steps;

use crate::activities::MigrateActivities;
use crate::model::{
    AppClusters, Before, Dig, Edit, Late, Migration, NOT_REMOVED, Sent, Snapshot, Target, Updated, Wait,
    WayBack,
};

/// The change of what runs do that makes them see each app leave.
pub(super) const SEEN_TO_LEAVE: &str = "seen-to-leave";

/// How much longer than its own time the activity that waits has: it is to say itself that time is over.
pub(super) const GRACE: Duration = Duration::from_secs(60);

/// What is known of the updates of a workflow, which may have to be taken back.
#[derive(Debug, Default)]
pub(super) struct Deployment {
    /// How long an update whose answer was lost may still come.
    grace: Duration,
    /// The revision that the DIG had before anything was changed, where what leaves must be seen to leave.
    removals_since: Option<Revision>,
    /// The revision that the DIG had when it was seen last.
    seen: Cell<Revision>,
    /// The one that it has when every update that was sent has been made.
    due: Cell<Revision>,
    /// EMCO may have begun an update of ours.
    touched: Cell<bool>,
    /// The app intents are as they were, and the DIG then had this revision.
    restored: Cell<Option<Option<Revision>>>,
}

impl Deployment {
    /// Runs that began before removals were looked at do not look at them.
    pub(super) fn new(snapshot: &Snapshot, grace: Duration, looks_at_removals: bool) -> Rc<Self> {
        let revision = snapshot.revision.unwrap_or_default();
        let removals_since = looks_at_removals.then_some(revision);
        let (due, seen) = (Cell::new(revision), Cell::new(revision));
        Rc::new(Self { grace, removals_since, due, seen, ..Self::default() })
    }

    /// From which revision on removals must be seen.
    pub(super) fn removals_since(&self) -> Option<Revision> {
        self.removals_since
    }

    /// Has EMCO place the apps on their former clusters again, beside where they are, and waits until they are ready there. Returns
    /// the revision of the DIG, which was `now`.
    async fn roll_back<W: 'static>(
        &self,
        steps: &Steps<W>,
        wait: &Wait,
        now: Option<Revision>,
    ) -> Result<Option<Revision>, WorkflowTermination> {
        let Some(since) = self.removals_since else { return Ok(now) };
        let way = WayBack { on: wait.on.clone(), since };
        let reached = steps.run(MigrateActivities::do_dig_rollback, (wait.dig.clone(), way)).await?;
        let Some(revision) = reached else { return Ok(now) };
        self.due.set(Revision(self.due.get().max(self.seen.get()).0.saturating_add(1)));
        self.seen.set(revision);
        let (off, late, removals_since) = (AppClusters::new(), self.late(), None);
        let back = Wait { off, late, removals_since, ..wait.clone() };
        steps.run(MigrateActivities::check_readiness_status, back).await?;
        Ok(reached)
    }

    /// Has EMCO act on the intents of a DIG that had the revision `before`, and remembers what came of it.
    async fn update<W: 'static>(
        &self,
        steps: &Steps<W>,
        dig: Dig,
        before: Before,
    ) -> Result<(), WorkflowTermination> {
        let updated = steps.run(MigrateActivities::do_dig_update, (dig, before)).await;
        let before = before.revision().unwrap_or_default();
        let (seen, sent) = match &updated {
            Ok(Updated::Settled(revision)) => (*revision, revision.0.saturating_sub(before.0)),
            Ok(Updated::Unsettled { revision, sent }) => (*revision, *sent),
            Err(error) => (before, sent(error)),
        };
        self.seen.set(seen);
        self.due.set(Revision(self.due.get().max(before).0.saturating_add(sent)));
        if sent > 0 || updated.is_ok() {
            self.touched.set(true);
        }
        updated.map(drop)
    }

    /// What to look out for where an update that was sent may still be made, with intents that are no longer the wanted ones.
    pub(super) fn late(&self) -> Option<Late> {
        let (due, grace) = (self.due.get(), self.grace);
        (due > self.seen.get()).then_some(Late { due, grace })
    }
}

/// Registers how to take back what `edits` change. The intents come first: an update with the wrong ones would move the apps again. Then the apps
/// are placed on their former clusters beside where they are, and only when they are ready there taken from the others.
pub(super) fn undo_later<W: 'static>(
    steps: &Steps<W>,
    dig: &Dig,
    snapshot: &Snapshot,
    edits: &[Edit],
    target: &Target,
    within: Duration,
    deployment: &Rc<Deployment>,
) {
    let (originals, before) = (snapshot.originals(edits), snapshot.revision);
    let wait =
        Wait { removals_since: deployment.removals_since, ..back(dig, snapshot, edits, target, within) };
    let intents: Vec<String> =
        edits.iter().map(|edit| format!("{}/{}", edit.generic_placement_intent, edit.app_intent)).collect();

    // The last one is undone first.
    let (dig, state) = (dig.clone(), Rc::clone(deployment));
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
        let now = state.roll_back(steps, &wait, now).await?;
        let updated = state.update(steps, of_dig, Before::Back { back: now }).await;
        let wait = Wait { late: state.late(), ..wait };
        match updated {
            // EMCO may have refused our update as it refuses this one; then the apps never left.
            Err(error) if unchanged => {
                steps.run(MigrateActivities::check_readiness_status, wait).await.map(drop).map_err(|_| error)
            }
            Err(error) => Err(error),
            Ok(_) => steps.run(MigrateActivities::check_readiness_status, wait).await.map(drop),
        }
    });
    let state = Rc::clone(deployment);
    steps.undo(format!("app intents ({})", intents.join(", ")), async move |steps: &Steps<W>| {
        let now = steps.run(MigrateActivities::restore_app_intents, (dig, originals)).await?;
        state.restored.set(Some(now));
        Ok(())
    });
}

/// Waits until the apps are on their new clusters and have left their former ones. Where they were not seen to leave, what was done stays done: they
/// are ready where they are wanted, and to take them from there again would need a removal too.
pub(super) async fn leave<W: 'static>(
    steps: &Steps<W>,
    wait: Wait,
) -> Result<AppClusters, WorkflowTermination> {
    let is_on_both = wait.removals_since.is_some() && !wait.on.is_empty();
    let left = steps.run(MigrateActivities::check_readiness_status, wait).await;
    if is_on_both && left.as_ref().is_err_and(is_not_removed) {
        steps.keep();
    }
    left
}

/// Writes `edits` and has EMCO act on them.
pub(super) async fn change<W: 'static>(
    steps: &Steps<W>,
    migration: Migration,
    snapshot: &Snapshot,
    deployment: &Deployment,
) -> Result<(), WorkflowTermination> {
    let dig = migration.dig.clone();
    let before = steps.run(MigrateActivities::update_app_intents, (migration, snapshot.names())).await?;
    deployment.update(steps, dig, Before::Forward(before)).await
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
    Wait { dig: dig.clone(), on, off, settled: true, within, late: None, removals_since: None }
}

/// How many updates a failed attempt at one may have sent; without end where nobody knows.
fn sent(error: &WorkflowTermination) -> u64 {
    let WorkflowTermination::Failed(error) = error else { return u64::MAX };
    let told = match error {
        OutgoingWorkflowError::Application(failure) => match failure.cause() {
            Some(IncomingError::Activity(activity)) => details(activity.cause()),
            _ => None,
        },
        OutgoingWorkflowError::ActivityExecution(error) => details(error.cause()),
        _ => None,
    };
    // Workers of before told nothing; what EMCO refused then was never sent.
    told.map_or_else(|| if is_refusal(error) { 0 } else { u64::MAX }, |told| told.sent)
}

/// Whether EMCO said no, for good.
fn is_refusal(error: &OutgoingWorkflowError) -> bool {
    matches!(error, OutgoingWorkflowError::Application(failure)
        if failure.is_non_retryable() && failure.type_name().is_some_and(|kind| kind != "EmcoNotEmco"))
}

fn is_not_removed(error: &WorkflowTermination) -> bool {
    matches!(error, WorkflowTermination::Failed(OutgoingWorkflowError::Application(failure))
        if failure.type_name().is_some_and(|kind| kind == NOT_REMOVED))
}

fn details(cause: Option<&IncomingError>) -> Option<Sent> {
    match cause? {
        IncomingError::Application(failure) => failure.details().ok()?,
        _ => None,
    }
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
