//! The common part of migrations and relocations: change placements, update the DIG, and undo both if the workflow
//! fails.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use emco::Revision;
use temporalio_common::error::{IncomingError, OutgoingWorkflowError};
use temporalio_sdk::WorkflowTermination;
use worker_kit::{Steps, non_retryable};

use crate::activities::MigrateActivities;
use crate::model::{
    AppClusters, Before, Dig, Edit, Late, Migration, NOT_REMOVED, Sent, Snapshot, Target, Updated, Wait,
    WayBack,
};

/// The patch ID of the change since when runs check EMCO's removals.
pub(super) const CHECKS_REMOVALS: &str = "seen-to-leave";

/// How much longer the activity that waits has than its own timeout, so that it can report the timeout itself.
pub(super) const GRACE: Duration = Duration::from_secs(60);

/// The updates of a workflow, which may have to be undone.
#[derive(Debug, Default)]
pub(super) struct Deployment {
    /// How long EMCO may still carry out an update whose response was lost.
    grace: Duration,
    /// The DIG's revision before anything was changed, if removals must be checked.
    removals_since: Option<Revision>,
    /// The last known revision of the DIG.
    seen: Cell<Revision>,
    /// The DIG's revision after all updates that were sent.
    due: Cell<Revision>,
    /// Whether EMCO may have begun an update of this workflow.
    touched: Cell<bool>,
    /// Set when the app intents were restored: the DIG's revision at that time.
    restored: Cell<Option<Option<Revision>>>,
}

impl Deployment {
    /// Older runs do not check removals.
    pub(super) fn new(snapshot: &Snapshot, grace: Duration, checks_removals: bool) -> Rc<Self> {
        let revision = snapshot.revision.unwrap_or_default();
        let removals_since = checks_removals.then_some(revision);
        let (due, seen) = (Cell::new(revision), Cell::new(revision));
        Rc::new(Self { grace, removals_since, due, seen, ..Self::default() })
    }

    /// Returns the first revision whose removals must be checked.
    pub(super) fn removals_since(&self) -> Option<Revision> {
        self.removals_since
    }

    /// Makes EMCO place the apps on their former clusters again, in addition to the current ones, and waits until they
    /// are ready there. Returns the DIG's revision, which was `now` before.
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

    /// Updates a DIG that had the revision `before`, and records the result.
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

    /// Returns the updates that EMCO may still carry out, with former intents.
    pub(super) fn late(&self) -> Option<Late> {
        let (due, grace) = (self.due.get(), self.grace);
        (due > self.seen.get()).then_some(Late { due, grace })
    }
}

/// Registers how to undo `edits`. The intents are restored first, because an update with the wrong ones would move the
/// apps again. Then the apps are placed on their former clusters in addition to the current ones, and when they are
/// ready there, removed from the others.
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

    // Undone in reverse order.
    let (dig, state) = (dig.clone(), Rc::clone(deployment));
    let name = format!("deployment ({})", shown(&wait.on));
    let of_dig = dig.clone();
    steps.undo(name, async move |steps: &Steps<W>| {
        let Some(now) = state.restored.get() else {
            return Err(refusal("not tried, because the app intents were not restored"));
        };
        let unchanged = now == before;
        if unchanged && !state.touched.get() {
            return Ok(());
        }
        let now = state.roll_back(steps, &wait, now).await?;
        let updated = state.update(steps, of_dig, Before::Back { back: now }).await;
        let wait = Wait { late: state.late(), ..wait };
        match updated {
            // EMCO may have refused the first update for the same reason; then the apps were never moved.
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

/// Waits until the apps are on their new clusters and have left their former ones. If EMCO does not remove them, the
/// move is not undone: the apps are ready on the target, and to undo the move would need a removal too.
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

/// Writes the changes and updates the DIG.
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

/// Returns what to wait for after the undo: each moved app is on its former clusters only.
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

/// Returns how many updates a failed update activity may have sent, [`u64::MAX`] if that is unknown.
fn sent(error: &WorkflowTermination) -> u64 {
    let WorkflowTermination::Failed(error) = error else { return u64::MAX };
    let details = match error {
        OutgoingWorkflowError::Application(failure) => match failure.cause() {
            Some(IncomingError::Activity(activity)) => details(activity.cause()),
            _ => None,
        },
        OutgoingWorkflowError::ActivityExecution(error) => details(error.cause()),
        _ => None,
    };
    // Older workers gave no details. EMCO does not carry out an update that it refused.
    details.map_or_else(|| if is_refusal(error) { 0 } else { u64::MAX }, |details| details.sent)
}

/// Whether EMCO refused the update.
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
    non_retryable("NotTried", text).into()
}

fn shown(clusters: &AppClusters) -> String {
    let app = |(app, on): (&String, &Vec<Target>)| {
        let on: Vec<String> = on.iter().map(ToString::to_string).collect();
        format!("{app} on {}", on.join(", "))
    };
    clusters.iter().map(app).collect::<Vec<_>>().join("; ")
}
