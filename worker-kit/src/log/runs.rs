//! Workflows that fail.

use temporalio_sdk::WorkflowTermination;
use temporalio_sdk::workflow_interceptors::{
    ExecuteWorkflowInput, ExecuteWorkflowResult, WorkflowInterceptor, WorkflowInterceptorContext,
    WorkflowInterceptorFuture, WorkflowNext,
};

use crate::failure::{describe, kind};

/// Logs each run that fails. The log has the SDK's own warnings of workflow tasks that fail.
pub(super) struct Runs;

impl WorkflowInterceptor for Runs {
    fn execute<'a>(
        &'a self,
        ctx: WorkflowInterceptorContext,
        input: ExecuteWorkflowInput,
        next: WorkflowNext<'a, ExecuteWorkflowInput, WorkflowInterceptorFuture<'a, ExecuteWorkflowResult>>,
    ) -> WorkflowInterceptorFuture<'a, ExecuteWorkflowResult> {
        WorkflowInterceptorFuture::new(async move {
            let result = next.run(input).await;
            // Another worker logged what is only replayed here.
            if let Err(reason @ WorkflowTermination::Failed(_)) = &result
                && !ctx.is_replaying()
                && !ctx.cancellation_token().is_cancelled()
            {
                let (workflow, workflow_id, run_id) = (ctx.workflow_type(), ctx.workflow_id(), ctx.run_id());
                let (kind, error) = (kind(reason), describe(reason));
                tracing::warn!(workflow, workflow_id, run_id, kind, error, "a workflow failed");
            }
            result
        })
    }
}
