//! Every app of a composite app to one cluster.
//!
//! EMCO's own workflow places the apps on the target alone at once. Ours does it in two halves where it waits for the apps anyway: first the
//! target beside their clusters, and when they are ready there the target alone. So they have no downtime, and a removal that EMCO
//! forgets can be brought about: what owes it has the apps on both sides.

use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination};
use worker_kit::{ActivityPlan, Progress, Steps};

use super::moving::{Deployment, GRACE, SEEN_TO_LEAVE, change, leave, undo_later};
use crate::activities::{MigrateActivities, OF_MIGRATION, READINESS};
use crate::model::{AppClusters, Check, Edit, Migration, Snapshot, Target, Wait};
use crate::params::{MigrateRequest, Options};
use crate::placement::{moved, on_each};
use crate::result::MigrationResult;

/// Moves every app of a composite app to one cluster, by the steps of EMCO's own migrate workflow (EMCO-API §2.5); at its
/// end they are there, or where they were.
#[workflow]
#[derive(Debug, Default)]
pub struct EmcoMigrateWorkflow {
    progress: Progress,
}

#[workflow_methods]
impl EmcoMigrateWorkflow {
    #[run(name = "EmcoMigrateWorkflow")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<MigrationResult> {
        let params = worker_kit::params(&input)?;
        let (plan, mut request) = worker_kit::both(
            ActivityPlan::new(&params, &OF_MIGRATION),
            MigrateRequest::from_params(&params),
        )?;
        // Runs that began before there was more than EMCO's three steps end with these.
        if !ctx.patched("safe-moves") {
            request.options = Options::EMCOS;
        }
        let options = request.options;
        let looks_at_removals = ctx.patched(SEEN_TO_LEAVE);
        let plan = plan.at_least(READINESS, options.ready_timeout + options.update_grace + GRACE);
        let after = match (options.dry_run, options.wait_ready, looks_at_removals) {
            (true, ..) => 0,
            (_, true, true) => 6,
            (_, false, false) => 2,
            _ => 3,
        };
        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress)
            .of(1 + usize::from(options.preflight) + after);
        steps
            .finish(async |steps| {
                let snapshot = steps.run(MigrateActivities::get_dig_app_intents, request.dig.clone()).await?;
                let result = MigrationResult::new(&params, &request.dig, snapshot.names());
                migrate(steps, &request, &snapshot, result, looks_at_removals).await
            })
            .await
    }

    /// `started`, then the running activity, then `completed`. Takes any argument, or none.
    #[query(name = "current-state")]
    pub fn current_state(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> String {
        self.progress.current_state()
    }

    /// Where it stands, in more detail: [`Progress`]. Takes any argument, or none.
    #[query(name = "progress")]
    pub fn progress(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Progress {
        self.progress.clone()
    }
}

async fn migrate<W: 'static>(
    steps: &Steps<W>,
    request: &MigrateRequest,
    snapshot: &Snapshot,
    result: MigrationResult,
    looks_at_removals: bool,
) -> Result<MigrationResult, WorkflowTermination> {
    let MigrateRequest { dig, target, options } = request.clone();
    // Names alone: a worker of before took the snapshot. Then there is nothing to put back.
    let whole = snapshot.state.is_some();
    let edits = if whole { edits(snapshot, &target) } else { Vec::new() };
    if options.preflight {
        let (dig, target, snapshot) = (dig.clone(), target.clone(), snapshot.clone());
        let leaving = leaving(&snapshot, &target);
        let check = Check { dig, target, snapshot, all_apps: true, leaving };
        steps.run(MigrateActivities::preflight_check, check).await?;
    }
    if options.dry_run {
        return Ok(result.planned(edits, &snapshot.clusters, |_, _| true, &target));
    }
    let deployment = Deployment::new(snapshot, options.update_grace, looks_at_removals && whole);
    if options.compensate && whole {
        undo_later(steps, &dig, snapshot, &edits, &target, options.ready_timeout, &deployment);
    }
    let on: AppClusters = snapshot.apps().into_iter().map(|app| (app, vec![target.clone()])).collect();
    let off = leaving(snapshot, &target);
    let removals_since = deployment.removals_since();
    let (within, late) = (options.ready_timeout, None);
    let wait = Wait { dig: dig.clone(), on, off, settled: true, within, late, removals_since };
    let mut migration = Migration { dig, target, edits };
    if options.wait_ready && removals_since.is_some() && wait.off.values().any(|off| !off.is_empty()) {
        let (first, second) = halves(migration.edits, snapshot, &migration.target);
        migration.edits = first;
        change(steps, migration.clone(), snapshot, &deployment).await?;
        let arrival = Wait { off: AppClusters::new(), settled: false, removals_since: None, ..wait.clone() };
        steps.run(MigrateActivities::check_readiness_status, arrival).await?;
        migration.edits = second;
    }
    change(steps, migration, snapshot, &deployment).await?;
    if options.wait_ready {
        // The first half, should it come once more, would bring the apps back.
        let wait = Wait { late: removals_since.and_then(|_| deployment.late()), ..wait };
        return Ok(result.ready_on(leave(steps, wait).await?));
    }
    if removals_since.is_some() {
        let wait = Wait { on: AppClusters::new(), settled: false, ..wait };
        steps.run(MigrateActivities::check_readiness_status, wait).await?;
    }
    Ok(result)
}

/// The same migration as two: each app is placed on the target beside the clusters that it has, then on the target alone.
fn halves(edits: Vec<Edit>, snapshot: &Snapshot, target: &Target) -> (Vec<Edit>, Vec<Edit>) {
    let both = |edit: Edit| {
        let mut on = snapshot.clusters.get(&edit.app).cloned().unwrap_or_default();
        if !on.contains(target) {
            on.push(target.clone());
        }
        let both = on_each(&edit.before, &on);
        (Edit { after: both.clone(), ..edit.clone() }, Edit { before: both, ..edit })
    };
    edits.into_iter().map(both).unzip()
}

fn edits(snapshot: &Snapshot, target: &Target) -> Vec<Edit> {
    let edit = |(gpi, intent): (&String, &emco::AppIntent)| Edit {
        app: intent.spec.app.clone(),
        generic_placement_intent: gpi.clone(),
        app_intent: intent.metadata.name.clone(),
        before: intent.spec.intent.clone(),
        after: moved(&intent.spec.intent, target),
    };
    snapshot.intents().map(edit).collect()
}

/// The clusters that the apps leave.
fn leaving(snapshot: &Snapshot, target: &Target) -> AppClusters {
    let mut leaving = snapshot.clusters.clone();
    leaving.values_mut().for_each(|on| on.retain(|cluster| cluster != target));
    leaving
}
