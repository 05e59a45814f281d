//! The child workflow that moves one group, and its end.
//!
//! A reset of the evacuation leaves the children of the former run. One may still be running, so that its
//! workflow ID cannot be used again. Another may have ended while its parent was closed, and Temporal gives that
//! end to no later run (temporalio/temporal#10639). An activity awaits the end of both.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures::FutureExt;
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use temporalio_common::error::{
    ChildWorkflowExecutionError, ChildWorkflowStartError, StartChildWorkflowExecutionFailedCause,
};
use temporalio_sdk::workflows::select;
use temporalio_sdk::{
    ActivityExecutionError, ActivityOptions, CancellableFuture, ChildWorkflowCancellationType,
    ChildWorkflowOptions, ParentClosePolicy, WorkflowCancellationToken, WorkflowContext,
};
use workflow_api::WorkflowParams;

use super::super::relocate::EmcoRelocateWorkflow;
use super::order::Order;
use crate::activities::MigrateActivities;
use crate::evacuation::{Child, Found, Outcome};
use crate::result::MigrationResult;

/// When the end of a running child is also awaited by an activity.
const FOLLOW_AFTER: Duration = Duration::from_secs(15);
/// The timeout of that activity. A lost worker is noticed by its heartbeats.
const FOLLOW_TIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const HEARTBEAT: Duration = Duration::from_secs(30);

/// The parameters by which a running workflow is recognized as the same move.
const SAME_MOVE: [&str; 8] = [
    "project",
    "compositeApp",
    "compositeAppVersion",
    "deploymentIntentGroup",
    "sourceClusterProvider",
    "sourceClusterName",
    "targetClusterProvider",
    "targetClusterName",
];

/// Moves a group, in a new child workflow, or in one of a former run that is still running. Returns the
/// outcome, or why the child cannot start.
pub(super) async fn relocate<W>(
    ctx: &WorkflowContext<W>,
    order: &Order,
    found: &Found,
    id: &str,
    note_run: impl Fn(&str),
) -> Result<Outcome, String> {
    let params = order.params_of(found);
    let input = RawValue::from_value(&params, &PayloadConverter::default());
    let options = ChildWorkflowOptions::builder()
        .workflow_id(id.to_owned())
        // A cancelled child undoes its changes, and is awaited. A terminated evacuation cancels its children too.
        .cancel_type(ChildWorkflowCancellationType::WaitCancellationCompleted)
        .parent_close_policy(ParentClosePolicy::RequestCancel)
        .build();
    match ctx.start_child_workflow(EmcoRelocateWorkflow::run, input, options).await {
        Ok(started) => {
            note_run(&started.run_id);
            let run_id = started.run_id.clone();
            Ok(end_of(ctx, order, id, run_id, started.result()).await)
        }
        Err(ChildWorkflowStartError::StartFailed {
            cause: StartChildWorkflowExecutionFailedCause::WorkflowAlreadyExists,
            ..
        }) if order.follows => Ok(take_up(ctx, id, params).await),
        Err(error) => Err(error.to_string()),
    }
}

/// Awaits the end of a child of this run.
async fn end_of<W>(
    ctx: &WorkflowContext<W>,
    order: &Order,
    id: &str,
    run_id: String,
    end: impl Future<Output = Result<MigrationResult, ChildWorkflowExecutionError>>,
) -> Outcome {
    let mut end = pin!(end.fuse().map(|end| match end {
        Ok(result) => Outcome::Completed(result),
        Err(error) => match error.cause() {
            Some(cause) => Outcome::of_error(cause),
            None => Outcome::failed(error.to_string()),
        },
    }));
    if !order.follows {
        return end.await;
    }
    let mut timer = ctx.timer(FOLLOW_AFTER);
    select! {
        outcome = end => {
            timer.cancel();
            return outcome;
        }
        _ = timer => {}
    }
    let child = Child { workflow_id: id.to_owned(), run_id: Some(run_id), params: BTreeMap::new() };
    let mut followed = pin!(follow(ctx, child).fuse());
    select! {
        outcome = end => outcome,
        outcome = followed => outcome,
    }
}

/// Awaits the end of a running workflow that is no child of this run. If the evacuation is cancelled, cancels
/// it like a child.
async fn take_up<W>(ctx: &WorkflowContext<W>, id: &str, params: WorkflowParams) -> Outcome {
    let all = params.activity_params.get(WorkflowParams::ALL_ACTIVITIES).cloned().unwrap_or_default();
    let params = all.into_iter().filter(|(name, _)| SAME_MOVE.contains(&name.as_str())).collect();
    let child = Child { workflow_id: id.to_owned(), run_id: None, params };
    let mut followed = pin!(follow(ctx, child).fuse());
    let mut cancelled = pin!(ctx.cancelled());
    select! {
        outcome = followed => outcome,
        _ = cancelled => {
            // It may have ended already.
            let _ = ctx.external_workflow(id, None).cancel(None).await;
            followed.await
        }
    }
}

/// Awaits the end of a workflow by an activity. The evacuation's cancellation does not end the wait.
async fn follow<W>(ctx: &WorkflowContext<W>, child: Child) -> Outcome {
    let options = ActivityOptions::with_start_to_close_timeout(FOLLOW_TIME)
        .heartbeat_timeout(HEARTBEAT)
        .cancellation_token(WorkflowCancellationToken::new())
        .build();
    match ctx.execute_activity(MigrateActivities::await_relocation, child, options).await {
        Ok(outcome) => outcome,
        Err(ActivityExecutionError::Failed(failure)) => match failure.cause() {
            Some(cause) => Outcome::failed(cause.failure().message.clone()),
            None => Outcome::failed(failure.failure().message.clone()),
        },
        Err(error) => Outcome::failed(error.to_string()),
    }
}
