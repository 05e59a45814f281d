//! On whose behalf a workflow runs: from the header of its start to its activities and children, and to the calls that
//! activities make to EMCO.

use std::cell::RefCell;
use std::collections::HashMap;

use temporal::caller_of;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use temporalio_sdk::interceptors::{
    ActivityInboundInterceptor, ExecuteActivityInput, ExecuteActivityOutput, Next,
};
use temporalio_sdk::workflow_interceptors::{
    CancellableWorkflowOutboundFuture, ContinueAsNewInput, ContinueAsNewResult, ExecuteWorkflowInput,
    ExecuteWorkflowResult, InitializeWorkflowInput, InitializeWorkflowOutput, ScheduleActivityInput,
    ScheduleActivityResult, ScheduleLocalActivityInput, StartChildWorkflowInput, StartChildWorkflowResult,
    SyncWorkflowInterceptorContext, WorkflowInterceptor, WorkflowInterceptorConstructor,
    WorkflowInterceptorContext, WorkflowInterceptorFuture, WorkflowNext,
};
use temporalio_sdk::{WorkerOptions, WorkflowContextView};
use workflow_api::{AUDIT_ID, CALLER};

/// Carries the caller through the workflows and activities of a worker with these options.
pub(crate) fn carry(options: &mut WorkerOptions) {
    options.activity_inbound_interceptor(Activities);
    options.workflow_interceptor(through_workflows());
}

/// The part of it that is in workflows.
pub(crate) fn through_workflows() -> WorkflowInterceptorConstructor {
    WorkflowInterceptorConstructor::new(|_| Workflow::default())
}

type Fields = HashMap<String, Payload>;

/// Copies the fields of the start's header unchanged. Workflows that were started without them do nothing here, so that
/// earlier histories replay.
#[derive(Default)]
struct Workflow {
    fields: RefCell<Fields>,
}

impl Workflow {
    fn keep(&self, headers: &Fields) {
        let of_caller = headers.iter().filter(|(key, _)| [CALLER, AUDIT_ID].contains(&key.as_str()));
        *self.fields.borrow_mut() = of_caller.map(|(key, value)| (key.clone(), value.clone())).collect();
    }

    /// Adds the fields. Those that the workflow's code has set stay.
    fn add_to(&self, headers: &mut Fields) {
        for (key, value) in self.fields.borrow().iter() {
            headers.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
}

impl WorkflowInterceptor for Workflow {
    fn initialize_workflow(
        &self,
        _: WorkflowContextView,
        input: InitializeWorkflowInput,
        next: WorkflowNext<'_, InitializeWorkflowInput, InitializeWorkflowOutput>,
    ) -> InitializeWorkflowOutput {
        self.keep(input.headers());
        next.run(input)
    }

    fn execute<'a>(
        &'a self,
        _: WorkflowInterceptorContext,
        input: ExecuteWorkflowInput,
        next: WorkflowNext<'a, ExecuteWorkflowInput, WorkflowInterceptorFuture<'a, ExecuteWorkflowResult>>,
    ) -> WorkflowInterceptorFuture<'a, ExecuteWorkflowResult> {
        self.keep(input.headers());
        next.run(input)
    }

    fn schedule_activity(
        &self,
        _: WorkflowInterceptorContext,
        mut input: ScheduleActivityInput,
        next: WorkflowNext<
            'static,
            ScheduleActivityInput,
            CancellableWorkflowOutboundFuture<ScheduleActivityResult>,
        >,
    ) -> CancellableWorkflowOutboundFuture<ScheduleActivityResult> {
        self.add_to(input.headers_mut());
        next.run(input)
    }

    fn schedule_local_activity(
        &self,
        _: WorkflowInterceptorContext,
        mut input: ScheduleLocalActivityInput,
        next: WorkflowNext<
            'static,
            ScheduleLocalActivityInput,
            CancellableWorkflowOutboundFuture<ScheduleActivityResult>,
        >,
    ) -> CancellableWorkflowOutboundFuture<ScheduleActivityResult> {
        self.add_to(input.headers_mut());
        next.run(input)
    }

    fn start_child_workflow(
        &self,
        _: WorkflowInterceptorContext,
        mut input: StartChildWorkflowInput,
        next: WorkflowNext<
            'static,
            StartChildWorkflowInput,
            CancellableWorkflowOutboundFuture<StartChildWorkflowResult>,
        >,
    ) -> CancellableWorkflowOutboundFuture<StartChildWorkflowResult> {
        self.add_to(input.headers_mut());
        next.run(input)
    }

    fn continue_as_new(
        &self,
        _: SyncWorkflowInterceptorContext,
        mut input: ContinueAsNewInput,
        next: WorkflowNext<'static, ContinueAsNewInput, ContinueAsNewResult>,
    ) -> ContinueAsNewResult {
        self.add_to(input.headers_mut());
        next.run(input)
    }
}

/// Runs each activity on behalf of the caller in its header.
struct Activities;

impl ActivityInboundInterceptor for Activities {
    fn execute_activity<'a>(
        &'a self,
        input: ExecuteActivityInput,
        next: Next<'a, ExecuteActivityInput, ExecuteActivityOutput<'a>>,
    ) -> ExecuteActivityOutput<'a> {
        match caller_of(input.headers()) {
            None => next.run(input),
            Some(Ok(caller)) => {
                Box::pin(service::caller::scope(caller, async move { next.run(input).await }))
            }
            Some(Err(error)) => {
                let info = input.activity_info();
                let (activity, workflow_id) = (&info.activity_type, &info.workflow_id);
                tracing::warn!(activity, workflow_id, %error, "the header of an activity names a caller that is ignored");
                next.run(input)
            }
        }
    }
}
