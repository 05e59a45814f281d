//! Many relocations, some at once, each a workflow of its own.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use temporalio_common::error::{ChildWorkflowExecutionError, IncomingError};
use temporalio_sdk::workflows::join_all;
use temporalio_sdk::{
    ChildWorkflowCancellationType, ChildWorkflowOptions, ParentClosePolicy, WorkflowContext,
};
use workflow_api::WorkflowParams;

use super::{EmcoEvacuateClusterWorkflow, EmcoRelocateWorkflow};
use crate::activities::SEARCH;
use crate::evacuation::{DigProgress, DigReport, Found};
use crate::params::EvacuateRequest;
use crate::result::MigrationResult;

/// What the workflows that move the groups are called.
const CHILD: &str = "EmcoRelocateWorkflow";
/// The parameters that they have of the evacuation, as they are.
const HANDED_ON: [&str; 13] = [
    "emcoURL",
    "emcoClmEndpoint",
    "emcoDcmEndpoint",
    "sourceClusterProvider",
    "sourceClusterName",
    "targetClusterProvider",
    "targetClusterName",
    "preflight",
    "waitReady",
    "readyTimeout",
    "updateGrace",
    "compensate",
    "dryRun",
];
/// How many bytes of a failure a report has.
const MOST_BYTES: usize = 512;

type Context = WorkflowContext<EmcoEvacuateClusterWorkflow>;

/// What is to be moved, and how.
pub(super) struct Order {
    params: WorkflowParams,
    found: Vec<Found>,
    canary: usize,
    lanes: usize,
    stop_share: f64,
    dry_run: bool,
}

impl Order {
    pub(super) fn new(params: &WorkflowParams, request: &EvacuateRequest, found: Vec<Found>) -> Self {
        let mut params = params.clone();
        params.activity_options.remove(SEARCH);
        Self {
            params,
            found,
            // A plan has nothing to try out first.
            canary: if request.dry_run { 0 } else { request.canary },
            lanes: request.lanes,
            stop_share: request.stop_share,
            dry_run: request.dry_run,
        }
    }

    /// The parameters of the relocation that moves a group.
    fn params_of(&self, found: &Found) -> WorkflowParams {
        let all = self.params.activity_params.get(WorkflowParams::ALL_ACTIVITIES);
        let kept = HANDED_ON.iter().filter_map(|name| all?.get_key_value(*name));
        let mut all: BTreeMap<String, String> =
            kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        for (name, value) in [
            ("project", &found.project),
            ("compositeApp", &found.composite_app),
            ("compositeAppVersion", &found.version),
            ("deploymentIntentGroup", &found.name),
            ("app", &found.apps.join(",")),
        ] {
            all.insert(name.to_owned(), value.clone());
        }
        WorkflowParams {
            activity_options: self.params.activity_options.clone(),
            activity_params: [(WorkflowParams::ALL_ACTIVITIES.to_owned(), all)].into(),
        }
    }
}

/// Begins with the canaries, and goes on with the others if all of these have moved.
pub(super) async fn run_waves(ctx: &Context, order: &Rc<Order>) {
    note_ended(ctx);
    // What has nothing to move is no canary.
    let movable = order.found.iter().enumerate().filter(|(_, found)| found.is_movable());
    let canaries = movable.map(|(index, _)| index + 1).take(order.canary).last().unwrap_or_default();
    for end in [canaries, order.found.len()] {
        let lanes = (0..order.lanes.min(end)).map(|_| lane(ctx.clone(), Rc::clone(order), end, canaries));
        join_all(lanes).await;
    }
}

/// Moves one group after the other, as long as there is one before `end`.
async fn lane(ctx: Context, order: Rc<Order>, end: usize, canaries: usize) {
    loop {
        let may_go_on = |workflow: &EmcoEvacuateClusterWorkflow| {
            !workflow.report.paused || workflow.report.stopped.is_some() || next(workflow, end).is_none()
        };
        let cancelled = ctx.wait_condition(may_go_on).await.is_err();
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

/// Moves one group, and notes what became of it.
async fn relocate(ctx: &Context, order: &Order, index: usize) {
    let Some(found) = order.found.get(index) else { return };
    let id = format!("{}/{}", ctx.workflow_id(), found.key());
    let note = |change: &dyn Fn(&mut DigReport)| {
        ctx.state_mut(|workflow| workflow.report.digs.get_mut(index).map(change));
    };
    note(&|dig| dig.workflow_id = Some(id.clone()));
    let input = RawValue::from_value(&order.params_of(found), &PayloadConverter::default());
    let options = ChildWorkflowOptions::builder()
        .workflow_id(id.clone())
        // A cancelled one takes back what it did, and is waited for; also where this workflow is ended by force.
        .cancel_type(ChildWorkflowCancellationType::WaitCancellationCompleted)
        .parent_close_policy(ParentClosePolicy::RequestCancel)
        .build();
    let started = match ctx.start_child_workflow(EmcoRelocateWorkflow::run, input, options).await {
        Ok(started) => started,
        Err(error) => {
            let cancelled = ctx.cancellation_token().is_cancelled();
            let why = if cancelled { "cancelled before it began".to_owned() } else { error.to_string() };
            let state = if cancelled { DigProgress::Skipped } else { DigProgress::Failed };
            note(&|dig| (dig.state, dig.why, dig.workflow_id) = (state, Some(why.clone()), None));
            return;
        }
    };
    let run_id = started.run_id.clone();
    note(&|dig| dig.run_id = Some(run_id.clone()));
    let end = started.result().await;
    note(&|dig| {
        dig.ended(&end, order.dry_run);
        if let (DigProgress::Moved, Some(owed)) = (dig.state, &found.owed) {
            (dig.state, dig.why) = (DigProgress::Failed, Some(owed.clone()));
        }
    });
}

/// Shows how many have ended.
fn note_ended(ctx: &Context) {
    let now = ctx.workflow_time().and_then(|now| now.try_into().ok());
    ctx.state_mut(|workflow| {
        let going = |dig: &&DigReport| matches!(dig.state, DigProgress::Waiting | DigProgress::Running);
        let (of, going) = (workflow.report.digs.len(), workflow.report.digs.iter().filter(going).count());
        let progress = &mut workflow.progress;
        progress.step = Some(CHILD.to_owned());
        (progress.index, progress.of, progress.since) = (of - going, of, now);
    });
}

/// Stops the evacuation where a canary did not move, or too many failed.
fn stop_where_due(workflow: &mut EmcoEvacuateClusterWorkflow, order: &Order, was_canary: bool) {
    let report = &mut workflow.report;
    // Those that nobody could look at say nothing either.
    let tried = || report.digs.iter().zip(&order.found).filter(|(_, found)| found.is_movable());
    let count = |is: fn(&DigReport) -> bool| tried().filter(|(dig, _)| is(dig)).count();
    let moved = count(|dig| dig.state == DigProgress::Moved);
    let left = count(|dig| matches!(dig.state, DigProgress::Failed | DigProgress::RolledBack));
    // One that somebody called off says nothing about the others.
    let called_off = count(|dig| dig.state == DigProgress::RolledBack && dig.cancelled);
    let (failed, ended) = (left - called_off, moved + left);
    let why = if was_canary && left > 0 {
        Some("the first ones were not all moved".to_owned())
    } else if failed > 0 && failed as f64 >= order.stop_share * ended as f64 {
        Some(format!("{failed} of the {ended} that ended had failed, and stopShare is {}", order.stop_share))
    } else {
        None
    };
    if report.stopped.is_none() {
        report.stopped = why;
    }
}

impl DigReport {
    /// Notes how the group's workflow ended.
    fn ended(&mut self, end: &Result<MigrationResult, ChildWorkflowExecutionError>, dry_run: bool) {
        let cause = match end {
            Ok(result) => {
                self.state = if dry_run { DigProgress::Planned } else { DigProgress::Moved };
                (self.ready_on, self.plan) = (result.ready_on.clone(), result.plan.clone());
                return;
            }
            Err(error) => error.cause(),
        };
        let details = match cause {
            Some(IncomingError::Application(failure)) => failure.details::<Value>().ok().flatten(),
            Some(IncomingError::Cancelled(cancelled)) => cancelled.details::<Value>().ok().flatten(),
            _ => None,
        };
        let listed = |name: &str| {
            let names = details.as_ref().and_then(|details| details.get(name)?.as_array());
            names.into_iter().flatten()
        };
        let undone = listed("undone").count();
        self.not_undone =
            listed("notUndone").filter_map(|of| Some(of.get("name")?.as_str()?.to_owned())).collect();
        self.cancelled = matches!(cause, Some(IncomingError::Cancelled(_)));
        // A cancelled workflow that does not say what it undid had not begun to change anything.
        let is_back = self.not_undone.is_empty() && (self.cancelled || undone > 0);
        self.state = if is_back { DigProgress::RolledBack } else { DigProgress::Failed };
        let mut why = match (cause, end) {
            (Some(IncomingError::Cancelled(_)), _) => "its workflow was cancelled".to_owned(),
            (Some(IncomingError::Terminated(_)), _) => {
                "its workflow was terminated, and took nothing back".to_owned()
            }
            (Some(IncomingError::Timeout(_)), _) => {
                "the time of its workflow was over, and it took nothing back".to_owned()
            }
            (Some(cause), _) => cause.failure().message.clone(),
            (None, Err(error)) => error.to_string(),
            (None, Ok(_)) => String::new(),
        };
        if why.len() > MOST_BYTES {
            why.truncate(why.floor_char_boundary(MOST_BYTES));
            why.push('…');
        }
        self.why = Some(why);
    }
}
