//! Sees the attempts of activities that fail, or exceed their timeout.

use std::future::pending;

use temporalio_sdk::activities::{ActivityError, ActivityInfo};
use temporalio_sdk::interceptors::{
    ActivityInboundInterceptor, ExecuteActivityInput, ExecuteActivityOutput, ExecuteActivityResult, Next,
};

use super::attempts::{NextTry, failed, warn};
use super::unread;

/// The SDK does not give the cause.
const CANCELLED: &str =
    "an activity was cancelled: its workflow was, its heartbeat timeout passed, or this worker ends";

/// Logs each failed attempt whose arguments could be read.
pub(super) struct Attempts;

impl ActivityInboundInterceptor for Attempts {
    fn execute_activity<'a>(
        &'a self,
        input: ExecuteActivityInput,
        next: Next<'a, ExecuteActivityInput, ExecuteActivityOutput<'a>>,
    ) -> ExecuteActivityOutput<'a> {
        let info = input.activity_info().clone();
        let mut work = next.run(input);
        Box::pin(async move {
            let result = tokio::select! {
                biased;
                result = &mut work => {
                    note(&info, &result);
                    result
                }
                () = timeout(&info) => {
                    let next = NextTry::of(&info, None);
                    warn(&info, &next, None, "it exceeded its timeout; Temporal does not take its result");
                    work.await
                }
            };
            unread::begun(info, result.is_ok());
            result
        })
    }
}

/// Waits until Temporal counts the attempt as failed. The clock is that of this machine, which may differ from
/// Temporal's.
async fn timeout(info: &ActivityInfo) {
    match info.deadline.zip(info.started_time).and_then(|(end, start)| end.duration_since(start).ok()) {
        Some(allowed) => tokio::time::sleep(allowed).await,
        None => pending().await,
    }
}

fn note(info: &ActivityInfo, result: &ExecuteActivityResult) {
    match result {
        Err(ActivityError::Application(failure)) => failed(info, failure),
        Err(ActivityError::Cancelled { .. }) => {
            let ActivityInfo { activity_type, attempt, workflow_id, .. } = info;
            tracing::info!(activity = activity_type, attempt, workflow_id, "{CANCELLED}");
        }
        _ => {}
    }
}
