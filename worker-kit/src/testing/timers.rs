//! Timers that end sooner.

use std::time::Duration;

use temporalio_sdk::workflow_interceptors::{
    CancellableWorkflowOutboundFuture, StartTimerInput, WorkflowInterceptor, WorkflowInterceptorConstructor,
    WorkflowInterceptorContext, WorkflowNext,
};
use temporalio_sdk::{TimerResult, WorkerOptions};

/// Temporal has no shorter ones.
const SHORTEST: Duration = Duration::from_millis(1);

/// Divides the duration of every timer of this worker's workflows by `factor`: with 86,400, a day becomes a second.
/// Temporal fires them in their order; two that end within some 100 ms of each other can reach the workflow together.
///
/// The clock of the workflow does not move: after such a timer, `workflow_time()` is a second later, not a day.
/// Timeouts and pauses between attempts of activities, and timeouts and schedules of workflows, stay as they are.
///
/// ```no_run
/// # use temporalio_macros::{workflow, workflow_methods};
/// # use temporalio_sdk::{WorkflowContext, WorkflowResult};
/// # #[workflow]
/// # #[derive(Default)]
/// # pub struct Reminder;
/// # #[workflow_methods]
/// # impl Reminder { #[run] pub async fn run(_: &mut WorkflowContext<Self>) -> WorkflowResult<()> { Ok(()) } }
/// use worker_kit::testing::{TestWorker, shorten_timers};
///
/// # async fn test() -> Result<(), worker_kit::testing::TestError> {
/// let worker = TestWorker::start(|worker| {
///     shorten_timers(worker, 86_400);
///     worker.register_workflow::<Reminder>()?;
///     Ok(())
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
pub fn shorten_timers(worker: &mut WorkerOptions, factor: u32) {
    worker.workflow_interceptor(WorkflowInterceptorConstructor::new(move |_| Shorter { factor }));
}

struct Shorter {
    factor: u32,
}

impl WorkflowInterceptor for Shorter {
    fn start_timer(
        &self,
        _ctx: WorkflowInterceptorContext,
        mut input: StartTimerInput,
        next: WorkflowNext<'static, StartTimerInput, CancellableWorkflowOutboundFuture<TimerResult>>,
    ) -> CancellableWorkflowOutboundFuture<TimerResult> {
        let duration = &mut input.options_mut().duration;
        // Without a factor, and for a timer that ends at once, nothing changes.
        *duration = (*duration).min(duration.checked_div(self.factor).unwrap_or(*duration).max(SHORTEST));
        next.run(input)
    }
}
