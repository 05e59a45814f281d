//! One app from one cluster to another, without a moment in which it runs nowhere.

use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination};
use worker_kit::{ActivityPlan, Progress, Steps};

use super::moving::{GRACE, change, undo_later};
use crate::activities::{MigrateActivities, OF_RELOCATION, READINESS};
use crate::model::{AppClusters, Check, Edit, Migration, Relocation, Route, Snapshot, Target, Wait};
use crate::params::RelocateRequest;
use crate::placement::says_the_same;
use crate::result::MigrationResult;

/// Moves one app with no downtime, by the steps of EMCO's later relocate workflow (EMCO-API §2.6): first the target beside
/// the source, and when the app is ready there the target without the source.
#[workflow]
#[derive(Debug, Default)]
pub struct EmcoRelocateWorkflow {
    progress: Progress,
}

#[workflow_methods]
impl EmcoRelocateWorkflow {
    #[run(name = "EmcoRelocateWorkflow")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<MigrationResult> {
        let params = worker_kit::params(&input)?;
        let (plan, request) = worker_kit::both(
            ActivityPlan::new(&params, &OF_RELOCATION),
            RelocateRequest::from_params(&params),
        )?;
        let options = request.options;
        let plan = plan.at_least(READINESS, options.ready_timeout + GRACE);
        let after = if options.dry_run { 0 } else { 5 + usize::from(options.wait_ready) };
        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress)
            .of(2 + usize::from(options.preflight) + after);
        steps
            .finish(async |steps| {
                let snapshot = steps.run(MigrateActivities::get_dig_app_intents, request.dig.clone()).await?;
                let result = MigrationResult::new(&params, &request.dig, snapshot.names());
                relocate(steps, request, snapshot, result).await
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

async fn relocate<W: 'static>(
    steps: &Steps<W>,
    request: RelocateRequest,
    snapshot: Snapshot,
    result: MigrationResult,
) -> Result<MigrationResult, WorkflowTermination> {
    let RelocateRequest { dig, app, source, target, options } = request;
    let relocation =
        Relocation { dig: dig.clone(), app, source, target: target.clone(), snapshot: snapshot.clone() };
    let Route { app, source, add, remove } =
        steps.run(MigrateActivities::plan_relocation, relocation).await?;
    if options.preflight {
        let (dig, target, snapshot) = (dig.clone(), target.clone(), snapshot.clone());
        steps
            .run(MigrateActivities::preflight_check, Check { dig, target, snapshot, all_apps: false })
            .await?;
    }
    if options.dry_run {
        let whole = joined(add, remove);
        return Ok(result.planned(whole, &snapshot.clusters, Some(&source), &target));
    }
    let deployment =
        options.compensate.then(|| undo_later(steps, &dig, &snapshot, &add, &target, options.ready_timeout));
    let wait = |on: &[Target], off: &[Target], settled| Wait {
        dig: dig.clone(),
        on: AppClusters::from([(app.clone(), on.to_vec())]),
        off: AppClusters::from([(app.clone(), off.to_vec())]),
        settled,
        within: options.ready_timeout,
    };
    let arrival = wait(std::slice::from_ref(&target), &[], false);
    let departure = wait(std::slice::from_ref(&target), std::slice::from_ref(&source), true);

    // Where the target has the app already there is nothing to add; it must be ready there all the same.
    if add.iter().any(|edit| !says_the_same(&edit.before, &edit.after)) {
        let add = Migration { dig: dig.clone(), target: target.clone(), edits: add };
        change(steps, add, &snapshot, deployment.as_deref()).await?;
    }
    // Also where nobody asked to wait in the end: without this the app would have its downtime.
    steps.run(MigrateActivities::check_readiness_status, arrival).await?;
    let remove = Migration { dig: dig.clone(), target: target.clone(), edits: remove };
    change(steps, remove, &snapshot, deployment.as_deref()).await?;
    if !options.wait_ready {
        return Ok(result);
    }
    let ready = steps.run(MigrateActivities::check_readiness_status, departure).await?;
    Ok(result.ready_on(ready.into_iter().filter(|(of, _)| *of == app).collect()))
}

/// Both steps of a move as one.
fn joined(add: Vec<Edit>, remove: Vec<Edit>) -> Vec<Edit> {
    add.into_iter().zip(remove).map(|(add, remove)| Edit { after: remove.after, ..add }).collect()
}
