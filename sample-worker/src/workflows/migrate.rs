//! The migration of all apps of a composite app to one cluster.
//!
//! EMCO's own workflow places the apps on the target only, in one step. Ours uses two steps if it waits for the apps
//! anyway: it first places them on the target in addition to their clusters, and on the target only when they are ready
//! there. So they have no downtime, and a removal that EMCO forgets can be forced, because its revision has the apps on
//! both sides.

use sample_params::MIGRATE;
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination};
use worker_kit::{ActivityPlan, CURRENT_STATE, PROGRESS, Progress, Steps};

use super::moving::{CHECKS_REMOVALS, Deployment, GRACE, change, leave, undo_later};
use crate::activities::{MigrateActivities, OF_MIGRATION};
use crate::model::{AppClusters, Check, Edit, Migration, Snapshot, Target, Wait};
use crate::params::{MigrateRequest, Options};
use crate::placement::{moved, on_each};
use crate::result::MigrationResult;

/// Moves all apps of a composite app to one cluster, in the steps of EMCO's own migrate workflow (EMCO-API §2.5). If
/// the move fails, the apps are where they were before.
#[workflow]
#[derive(Debug, Default)]
pub struct EmcoMigrateWorkflow {
    progress: Progress,
}

#[workflow_methods]
impl EmcoMigrateWorkflow {
    #[run(name = MIGRATE.workflow)]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<MigrationResult> {
        let params = worker_kit::params(&input)?;
        let (plan, mut request) =
            worker_kit::both(ActivityPlan::new(&params, OF_MIGRATION), MigrateRequest::from_params(&params))?;
        // Older runs have only EMCO's three steps.
        if !ctx.patched("safe-moves") {
            request.options = Options::EMCOS;
        }
        let options = request.options;
        let checks_removals = ctx.patched(CHECKS_REMOVALS);
        let plan = plan.at_least(
            &MigrateActivities::check_readiness_status,
            options.ready_timeout + options.update_grace + GRACE,
        );
        let after = match (options.dry_run, options.wait_ready, checks_removals) {
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
                migrate(steps, &request, &snapshot, result, checks_removals).await
            })
            .await
    }

    /// Returns `started`, then the running activity, then `completed`. Accepts any argument, or none.
    #[query(name = CURRENT_STATE)]
    pub fn current_state(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> String {
        self.progress.current_state()
    }

    /// Returns the [`Progress`]. Accepts any argument, or none.
    #[query(name = PROGRESS)]
    pub fn progress(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Progress {
        self.progress.clone()
    }
}

async fn migrate<W: 'static>(
    steps: &Steps<W>,
    request: &MigrateRequest,
    snapshot: &Snapshot,
    result: MigrationResult,
    checks_removals: bool,
) -> Result<MigrationResult, WorkflowTermination> {
    let MigrateRequest { dig, target, options } = request.clone();
    // A snapshot of an older worker has only names, so there is nothing to restore.
    let is_complete = snapshot.state.is_some();
    let edits = if is_complete { edits(snapshot, &target) } else { Vec::new() };
    if options.preflight {
        let (dig, target, snapshot) = (dig.clone(), target.clone(), snapshot.clone());
        let leaving = leaving(&snapshot, &target);
        let check = Check { dig, target, snapshot, all_apps: true, leaving };
        steps.run(MigrateActivities::preflight_check, check).await?;
    }
    if options.dry_run {
        return Ok(result.planned(edits, &snapshot.clusters, |_, _| true, &target));
    }
    let deployment = Deployment::new(snapshot, options.update_grace, checks_removals && is_complete);
    if options.compensate && is_complete {
        undo_later(steps, &dig, snapshot, &edits, &target, options.ready_timeout, &deployment);
    }
    let on: AppClusters = snapshot.apps().into_iter().map(|app| (app, vec![target.clone()])).collect();
    let off = leaving(snapshot, &target);
    let removals_since = deployment.removals_since();
    let (within, late) = (options.ready_timeout, None);
    let wait = Wait { dig: dig.clone(), on, off, settled: true, within, late, removals_since };
    let mut migration = Migration { dig, target, edits };
    if options.wait_ready && removals_since.is_some() && wait.off.values().any(|off| !off.is_empty()) {
        let (first, second) = steps_of(migration.edits, snapshot, &migration.target);
        migration.edits = first;
        change(steps, migration.clone(), snapshot, &deployment).await?;
        let arrival = Wait { off: AppClusters::new(), settled: false, removals_since: None, ..wait.clone() };
        steps.run(MigrateActivities::check_readiness_status, arrival).await?;
        migration.edits = second;
    }
    change(steps, migration, snapshot, &deployment).await?;
    if options.wait_ready {
        // If EMCO carries out the first step late, it brings the apps back.
        let wait = Wait { late: removals_since.and_then(|_| deployment.late()), ..wait };
        return Ok(result.ready_on(leave(steps, wait).await?));
    }
    if removals_since.is_some() {
        let wait = Wait { on: AppClusters::new(), settled: false, ..wait };
        steps.run(MigrateActivities::check_readiness_status, wait).await?;
    }
    Ok(result)
}

/// Splits the migration in two: each app is placed on the target in addition to its clusters, then on the target only.
fn steps_of(edits: Vec<Edit>, snapshot: &Snapshot, target: &Target) -> (Vec<Edit>, Vec<Edit>) {
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

/// Returns the clusters that the apps leave.
fn leaving(snapshot: &Snapshot, target: &Target) -> AppClusters {
    let mut leaving = snapshot.clusters.clone();
    leaving.values_mut().for_each(|on| on.retain(|cluster| cluster != target));
    leaving
}
