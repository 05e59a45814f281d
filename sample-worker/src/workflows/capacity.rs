//! The watch over a cluster's capacity: it counts what is on the cluster, again and again, for a query.

use std::convert::Infallible;
use std::time::Duration;

use sample_params::{CAPACITY, CURRENT_CAPACITY};
use temporalio_common::data_converters::{PayloadConverter, RawValue};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    ContinueAsNewOptions, TimerResult, WorkflowContext, WorkflowContextView, WorkflowResult,
    WorkflowTermination,
};
use worker_kit::{ActivityPlan, CURRENT_STATE, PROGRESS, Progress, Steps};

use crate::activities::{MigrateActivities, OF_CAPACITY};
use crate::capacity::{Capacity, Reading};
use crate::params::CapacityRequest;

/// The timeout of a reading, unless the intent sets one.
const READING_TIME: Duration = Duration::from_secs(600);

/// Counts the deployment intent groups on a cluster, at an interval, until it is cancelled. After some readings it
/// continues in a new run, which begins with the last reading of the former one.
#[workflow]
#[derive(Debug, Default)]
pub struct EmcoClusterCapacityWorkflow {
    progress: Progress,
    capacity: Capacity,
}

#[workflow_methods]
impl EmcoClusterCapacityWorkflow {
    #[run(name = CAPACITY.workflow)]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<Capacity> {
        let (input, former) = split(input, ctx.info().continued_from_run_id().is_some());
        let params = worker_kit::params(&input)?;
        let (plan, request) =
            worker_kit::both(ActivityPlan::new(&params, OF_CAPACITY), CapacityRequest::from_params(&params))?;
        ctx.state_mut(|workflow| {
            workflow.capacity = Capacity::new(&request.search.source, request.limit);
            if let Some(former) = former {
                workflow.capacity.read(former);
            }
        });
        let plan = plan.at_least(&MigrateActivities::count_digs_on_cluster, READING_TIME);
        let steps = Steps::new(ctx, plan, |workflow: &mut Self| &mut workflow.progress).of(request.readings);
        let ctx = ctx.clone();
        let never = steps.finish(async |steps| watch(&ctx, steps, &request, input).await).await?;
        match never {}
    }

    /// Returns `started`, then the activity that counts. Accepts any argument, or none.
    #[query(name = CURRENT_STATE)]
    pub fn current_state(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> String {
        self.progress.current_state()
    }

    /// Returns the [`Progress`], by the number of readings of this run. Accepts any argument, or none.
    #[query(name = PROGRESS)]
    pub fn progress(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Progress {
        self.progress.clone()
    }

    /// Returns the last reading. Accepts any argument, or none.
    #[query(name = CURRENT_CAPACITY)]
    pub fn capacity(&self, _ctx: &WorkflowContextView, _argument: RawValue) -> Capacity {
        self.capacity.clone()
    }
}

/// Reads as often as one run may, and continues in a new run.
async fn watch(
    ctx: &WorkflowContext<EmcoClusterCapacityWorkflow>,
    steps: &Steps<EmcoClusterCapacityWorkflow>,
    request: &CapacityRequest,
    mut input: RawValue,
) -> Result<Infallible, WorkflowTermination> {
    let mut last = None;
    for _ in 0..request.readings {
        let count = steps.run(MigrateActivities::count_digs_on_cluster, request.search.clone()).await?;
        let reading = Reading { count, at: ctx.workflow_time().and_then(|now| now.try_into().ok()) };
        ctx.state_mut(|workflow| workflow.capacity.read(reading));
        last = Some(reading);
        if ctx.timer(request.interval).await == TimerResult::Cancelled {
            return Err(WorkflowTermination::cancelled());
        }
    }
    input.payloads.extend(RawValue::from_value(&last, &PayloadConverter::default()).payloads);
    ctx.continue_as_new(input, ContinueAsNewOptions::default())
}

/// Separates the last reading of the former run from the argument of the start. A caller cannot give one.
fn split(mut input: RawValue, is_later_run: bool) -> (RawValue, Option<Reading>) {
    if !is_later_run || input.payloads.len() != 2 {
        return (input, None);
    }
    let former = input.payloads.pop().and_then(|payload| serde_json::from_slice(&payload.data).ok());
    (input, former)
}
