//! The move of apps from one cluster to another without downtime.

use sample_params::RELOCATE;
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination};
use worker_kit::{ActivityPlan, CURRENT_STATE, PROGRESS, Progress, Steps};

use super::moving::{CHECKS_REMOVALS, Deployment, GRACE, change, leave, undo_later};
use crate::activities::{MigrateActivities, OF_RELOCATION};
use crate::model::{AppClusters, Check, Edit, Migration, Relocation, Route, Snapshot, Target, Wait};
use crate::params::RelocateRequest;
use crate::placement::is_same_placement;
use crate::result::MigrationResult;

/// Moves one app, or several of a DIG together, without downtime, in the steps of EMCO's later relocate workflow
/// (EMCO-API §2.6): the apps are first placed on the target in addition to the source, and when they are ready there,
/// on the target only.
#[workflow]
#[derive(Debug, Default)]
pub struct EmcoRelocateWorkflow {
    progress: Progress,
}

#[workflow_methods]
impl EmcoRelocateWorkflow {
    #[run(name = RELOCATE.workflow)]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<MigrationResult> {
        let params = worker_kit::params(&input)?;
        let (plan, request) = worker_kit::both(
            ActivityPlan::new(&params, OF_RELOCATION),
            RelocateRequest::from_params(&params),
        )?;
        let options = request.options;
        let begun = ctx.patched("begun-moves");
        let removals = ctx.patched(CHECKS_REMOVALS);
        let plan = plan.at_least(
            &MigrateActivities::check_readiness_status,
            options.ready_timeout + options.update_grace + GRACE,
        );
        let seen = options.wait_ready || removals;
        let after = if options.dry_run { 0 } else { 5 + usize::from(seen) };
        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress)
            .of(1 + request.apps.len() + usize::from(options.preflight) + after);
        steps
            .finish(async |steps| {
                let snapshot = steps.run(MigrateActivities::get_dig_app_intents, request.dig.clone()).await?;
                let result = MigrationResult::new(&params, &request.dig, snapshot.names());
                relocate(steps, request, snapshot, result, Checks { begun, removals }).await
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

/// What older runs do not do.
#[derive(Debug, Clone, Copy)]
struct Checks {
    /// Check whether EMCO has acted on existing intents.
    begun: bool,
    /// Check whether EMCO has made its removals.
    removals: bool,
}

async fn relocate<W: 'static>(
    steps: &Steps<W>,
    request: RelocateRequest,
    snapshot: Snapshot,
    result: MigrationResult,
    checks: Checks,
) -> Result<MigrationResult, WorkflowTermination> {
    let RelocateRequest { dig, apps, source, target, options } = request;
    let mut routes: Vec<Route> = Vec::new();
    for app in apps {
        let relocation = Relocation {
            dig: dig.clone(),
            app,
            source: source.clone(),
            target: target.clone(),
            snapshot: snapshot.clone(),
        };
        let route = steps.run(MigrateActivities::plan_relocation, relocation).await?;
        if routes.iter().all(|other| other.app != route.app) {
            routes.push(route);
        }
    }
    let leaves =
        |app: &str, cluster: &Target| routes.iter().any(|route| route.app == app && route.source == *cluster);
    let of_all = |edits: fn(&Route) -> &Vec<Edit>| -> Vec<Edit> {
        routes.iter().flat_map(|route| edits(route).iter().cloned()).collect()
    };
    let (add, remove) = (of_all(|route| &route.add), of_all(|route| &route.remove));
    let leaving: AppClusters =
        routes.iter().map(|route| (route.app.clone(), vec![route.source.clone()])).collect();
    if options.preflight {
        let (dig, target, snapshot) = (dig.clone(), target.clone(), snapshot.clone());
        let check = Check { dig, target, snapshot, all_apps: false, leaving: leaving.clone() };
        steps.run(MigrateActivities::preflight_check, check).await?;
    }
    if options.dry_run {
        let whole = joined(add, remove);
        return Ok(result.planned(whole, &snapshot.clusters, leaves, &target));
    }
    let deployment = Deployment::new(&snapshot, options.update_grace, checks.removals);
    if options.compensate {
        undo_later(steps, &dig, &snapshot, &add, &target, options.ready_timeout, &deployment);
    }
    let on: AppClusters = routes.iter().map(|route| (route.app.clone(), vec![target.clone()])).collect();
    let (within, late, removals_since) = (options.ready_timeout, None, deployment.removals_since());
    let departure = Wait { dig: dig.clone(), on, off: leaving, settled: true, within, late, removals_since };
    let arrival = Wait { off: AppClusters::new(), settled: false, removals_since: None, ..departure.clone() };

    // If the apps are already on the target, nothing is added, but they must be ready there. A terminated run may have
    // written the intents without an update.
    let placed = |app: &String| snapshot.clusters.get(app).is_some_and(|on| on.contains(&target));
    let unplaced = checks.begun && routes.iter().any(|route| !placed(&route.app));
    if unplaced || add.iter().any(|edit| !is_same_placement(&edit.before, &edit.after)) {
        let add = Migration { dig: dig.clone(), target: target.clone(), edits: add };
        change(steps, add, &snapshot, &deployment).await?;
    }
    // Also without `waitReady`: otherwise the apps would have a downtime.
    steps.run(MigrateActivities::check_readiness_status, arrival).await?;
    let remove = Migration { dig: dig.clone(), target: target.clone(), edits: remove };
    change(steps, remove, &snapshot, &deployment).await?;
    // If EMCO carries out the first step late, it brings the apps back to their source.
    let late = deployment.late();
    if !options.wait_ready && late.is_none() && removals_since.is_none() {
        return Ok(result);
    }
    let departure = Wait { late, ..departure };
    let ready = leave(steps, departure).await?;
    let moved = |app: &String| routes.iter().any(|route| route.app == *app);
    Ok(result.ready_on(ready.into_iter().filter(|(app, _)| moved(app)).collect()))
}

/// Joins both steps of a move.
fn joined(add: Vec<Edit>, remove: Vec<Edit>) -> Vec<Edit> {
    add.into_iter().zip(remove).map(|(add, remove)| Edit { after: remove.after, ..add }).collect()
}
