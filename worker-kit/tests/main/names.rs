//! An author can name each type of a signature without a dependency on the package that it comes from.

use std::time::Duration;

use worker_kit::{
    ActivityCancellationType, ActivityCloseTimeouts, ActivityContext, ActivityDefinition, ActivityError,
    ActivityOptions, ActivityPlan, ApplicationFailure, DurationParam, Fault, InvalidParams, Parameters,
    Params, Progress, RawValue, RetryPolicy, Steps, TemporalDeserializable, Timestamp, WorkerOptions,
    WorkflowContext, WorkflowParams, WorkflowTermination, testing,
};

#[expect(dead_code, reason = "it is enough that it compiles")]
async fn step<W: 'static, A: ActivityDefinition>(
    ctx: &WorkflowContext<W>,
    (plan, activity, input): (ActivityPlan, A, A::Input),
    progress: fn(&mut W) -> &mut Progress,
) -> Result<A::Output, WorkflowTermination>
where
    A::Output: TemporalDeserializable,
{
    let change = |options: &mut ActivityOptions| {
        options.close_timeouts = ActivityCloseTimeouts::ScheduleToClose(Duration::from_secs(1));
        options.cancellation_type = ActivityCancellationType::Abandon;
        options.retry_policy = Some(RetryPolicy::default());
    };
    Steps::new(ctx, plan, progress).with(change).run(activity, input).await
}

async fn run(
    worker: &testing::TestWorker,
    options: testing::WorkflowStartOptions,
) -> Result<testing::Value, testing::Ended> {
    let _: &testing::Client = worker.client();
    let Ok(run) = worker.run_with("Type", (), options).await else { return Err(testing::Ended::Terminated) };
    let _: &testing::WorkflowHandle<testing::Client, testing::UntypedWorkflow> = run.handle();
    run.result().await
}

fn of<T: Parameters>(params: &WorkflowParams) -> Result<Params<T>, InvalidParams> {
    Params::for_all(params)
}

#[test]
fn each_type_of_a_signature_has_a_name_in_the_kit() {
    // It is enough that the functions above compile.
    let _ = (run, of::<Vec<u8>>);
    let _: fn(&RawValue) -> Result<WorkflowParams, InvalidParams> = worker_kit::params;
    let _: fn(&InvalidParams) -> &[Fault] = InvalidParams::faults;
    let _: fn(&'static str, &'static str) -> ApplicationFailure = worker_kit::non_retryable;
    let _: Option<Timestamp> = Progress::default().since;
    let _: Option<(ActivityContext, ActivityError, WorkerOptions, DurationParam)> = None;
}
