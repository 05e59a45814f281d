//! The evacuation of a cluster: many relocations, several at the same time, each a child workflow.

mod child;
mod order;
mod report;

use std::rc::Rc;
use std::time::Duration;

use sample_params::{EVACUATE, PAUSE, RELOCATE, REPORT, RESUME};
use temporalio_common::data_converters::RawValue;
use temporalio_common::error::ApplicationFailure;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::workflows::join_all;
use temporalio_sdk::{
    SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination,
};
use worker_kit::{ActivityPlan, CURRENT_STATE, PROGRESS, Progress, Steps};
use workflow_api::WorkflowParams;

use self::order::Order;
use crate::activities::{MigrateActivities, OF_EVACUATION};
use crate::evacuation::{DigProgress, DigReport, EvacuationReport, Found};
use crate::params::EvacuateRequest;

/// The timeout of the search, unless the intent sets one.
const SEARCH_TIME: Duration = Duration::from_secs(600);
/// The type of the workflows that move the groups.
const CHILD: &str = RELOCATE.workflow;

/// The patch ID of the change since when evacuations also follow children of former runs.
const FOLLOWS_CHILDREN: &str = "follows-children";

type Context = WorkflowContext<EmcoEvacuateClusterWorkflow>;

/// Moves all deployment intent groups off a cluster, in waves: first a few, then the others, several at the same time.
/// A child workflow moves each group. The result is an [`EvacuationReport`].
#[workflow]
#[derive(Debug, Default)]
pub struct EmcoEvacuateClusterWorkflow {
    progress: Progress,
    report: EvacuationReport,
}

#[workflow_methods]
impl EmcoEvacuateClusterWorkflow {
    #[run(name = EVACUATE.workflow)]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<EvacuationReport> {
        let params = worker_kit::params(&input)?;
        let (plan, request) = worker_kit::both(
            ActivityPlan::new(&params, OF_EVACUATION),
            EvacuateRequest::from_params(&params),
        )?;
        let plan = plan.at_least(&MigrateActivities::find_digs_on_cluster, SEARCH_TIME);
        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress).of(1);
        let ctx = ctx.clone();
        steps
            .finish(async |steps| {
                let found =
                    steps.run(MigrateActivities::find_digs_on_cluster, request.search.clone()).await?;
                evacuate(&ctx, &params, &request, found).await
            })
            .await
    }

    /// Pauses the evacuation: no further move starts, running ones continue. Accepts any argument, or none.
    #[signal(name = PAUSE)]
    pub fn pause(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _argument: RawValue) {
        self.report.paused = true;
    }

    /// Resumes the evacuation. Accepts any argument, or none.
    #[signal(name = RESUME)]
    pub fn resume(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _argument: RawValue) {
        self.report.paused = false;
    }

    /// Returns `started`, then the running activity or the type of the workflows that move the groups, then
    /// `completed`. Accepts any argument, or none.
    #[query(name = CURRENT_STATE)]
    pub fn current_state(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> String {
        self.progress.current_state()
    }

    /// Returns the [`Progress`], by the number of completed moves. Accepts any argument, or none.
    #[query(name = PROGRESS)]
    pub fn progress(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Progress {
        self.progress.clone()
    }

    /// Returns the current report. Accepts any argument, or none.
    #[query(name = REPORT)]
    pub fn report(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> EvacuationReport {
        self.report.counted()
    }
}

async fn evacuate(
    ctx: &Context,
    params: &WorkflowParams,
    request: &EvacuateRequest,
    found: Vec<Found>,
) -> Result<EvacuationReport, WorkflowTermination> {
    ctx.state_mut(|workflow| {
        let report = &mut workflow.report;
        report.in_params =
            params.activity_params.get(WorkflowParams::ALL_ACTIVITIES).cloned().unwrap_or_default();
        (report.source, report.target) = (request.search.source.to_string(), request.target.to_string());
        report.digs = found.iter().map(DigReport::new).collect();
        if let Some(most) = request.most {
            report.leave_all_but(most);
        }
    });
    let follows = ctx.patched(FOLLOWS_CHILDREN);
    run_waves(ctx, &Rc::new(Order::new(params, request, found, follows))).await;

    let cancelled = ctx.cancellation_token().is_cancelled();
    let report = ctx.state_mut(|workflow| {
        workflow.report.close(cancelled);
        workflow.report.counted()
    });
    let left: Vec<&DigReport> = report.digs.iter().filter(|dig| dig.is_unmoved()).collect();
    if left.is_empty() {
        return Ok(report);
    }
    let stranded = report.digs.iter().any(|dig| !dig.not_undone.is_empty());
    if cancelled && !stranded {
        return Err(WorkflowTermination::cancelled_with_details(report));
    }
    let kind = if stranded { Steps::<()>::NOT_UNDONE } else { "EvacuationIncomplete" };
    let message = report.one_line(&left);
    // Not retried: an operator should know why it stopped before starting it again. Moved groups stay moved.
    let failure = ApplicationFailure::builder(message).type_name(kind.to_owned()).non_retryable(true);
    Err(failure.details(report).build().into())
}

/// Moves the canaries, and then the others if all canaries were moved.
async fn run_waves(ctx: &Context, order: &Rc<Order>) {
    note_ended(ctx);
    // A group that has nothing to move does not count as a canary.
    let movable = order.found.iter().enumerate().filter(|(_, found)| found.is_movable());
    let canaries = movable.map(|(index, _)| index + 1).take(order.canary).last().unwrap_or_default();
    for end in [canaries, order.found.len()] {
        let lanes = (0..order.lanes.min(end)).map(|_| lane(ctx.clone(), Rc::clone(order), end, canaries));
        join_all(lanes).await;
    }
}

/// Moves one group after another, while there is one before `end`.
async fn lane(ctx: Context, order: Rc<Order>, end: usize, canaries: usize) {
    loop {
        let may_continue = |workflow: &EmcoEvacuateClusterWorkflow| {
            !workflow.report.paused || workflow.report.stopped.is_some() || next(workflow, end).is_none()
        };
        let cancelled = ctx.wait_condition(may_continue).await.is_err();
        if cancelled || ctx.cancellation_token().is_cancelled() {
            return;
        }
        let Some(index) = ctx.state_mut(|workflow| {
            let index = next(workflow, end).filter(|_| workflow.report.stopped.is_none())?;
            workflow.report.digs.get_mut(index)?.state = DigProgress::Running;
            Some(index)
        }) else {
            return;
        };
        relocate(&ctx, &order, index).await;
        note_ended(&ctx);
        if !order.dry_run {
            ctx.state_mut(|workflow| stop_where_due(workflow, &order, index < canaries));
        }
    }
}

fn next(workflow: &EmcoEvacuateClusterWorkflow, end: usize) -> Option<usize> {
    workflow.report.digs.iter().take(end).position(|dig| dig.state == DigProgress::Waiting)
}

/// Moves one group, and reports the outcome.
async fn relocate(ctx: &Context, order: &Order, index: usize) {
    let Some(found) = order.found.get(index) else { return };
    let id = format!("{}/{}", ctx.workflow_id(), found.key());
    let note = |change: &dyn Fn(&mut DigReport)| {
        ctx.state_mut(|workflow| workflow.report.digs.get_mut(index).map(change));
    };
    note(&|dig| dig.workflow_id = Some(id.clone()));
    let note_run = |run_id: &str| note(&|dig| dig.run_id = Some(run_id.to_owned()));
    let Ok(outcome) = child::relocate(ctx, order, found, &id, note_run).await.map_err(|why| {
        let cancelled = ctx.cancellation_token().is_cancelled();
        let why = if cancelled { "cancelled before it started".to_owned() } else { why };
        let state = if cancelled { DigProgress::Skipped } else { DigProgress::Failed };
        note(&|dig| (dig.state, dig.why, dig.workflow_id) = (state, Some(why.clone()), None));
    }) else {
        return;
    };
    note(&|dig| {
        dig.ended(outcome.clone(), order.dry_run);
        if let (DigProgress::Moved, Some(owed)) = (dig.state, &found.owed) {
            (dig.state, dig.why) = (DigProgress::Failed, Some(owed.clone()));
        }
    });
}

/// Updates the progress with the number of completed moves.
fn note_ended(ctx: &Context) {
    let now = ctx.workflow_time().and_then(|now| now.try_into().ok());
    ctx.state_mut(|workflow| {
        let going = |dig: &&DigReport| matches!(dig.state, DigProgress::Waiting | DigProgress::Running);
        let digs = || workflow.report.digs.iter().filter(|dig| dig.state != DigProgress::Left);
        let (of, going) = (digs().count(), digs().filter(going).count());
        let progress = &mut workflow.progress;
        progress.step = Some(CHILD.to_owned());
        (progress.index, progress.of, progress.since) = (of - going, of, now);
    });
}

/// Stops the evacuation if a canary was not moved, or too many moves failed.
fn stop_where_due(workflow: &mut EmcoEvacuateClusterWorkflow, order: &Order, was_canary: bool) {
    let report = &mut workflow.report;
    // Groups that cannot be read are not counted.
    let tried = || report.digs.iter().zip(&order.found).filter(|(_, found)| found.is_movable());
    let count = |is: fn(&DigReport) -> bool| tried().filter(|(dig, _)| is(dig)).count();
    let moved = count(|dig| dig.state == DigProgress::Moved);
    let left = count(|dig| matches!(dig.state, DigProgress::Failed | DigProgress::RolledBack));
    // A cancelled move is no sign that the others fail.
    let cancelled = count(|dig| dig.state == DigProgress::RolledBack && dig.cancelled);
    let (failed, ended) = (left - cancelled, moved + left);
    let why = if was_canary && left > 0 {
        Some("not all of the first groups were moved".to_owned())
    } else if failed > 0 && failed as f64 >= order.stop_share * ended as f64 {
        Some(format!("{failed} of {ended} completed moves failed, and stopShare is {}", order.stop_share))
    } else {
        None
    };
    if report.stopped.is_none() {
        report.stopped = why;
    }
}
