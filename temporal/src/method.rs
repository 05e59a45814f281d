//! The methods of Temporal's frontend that our programs call.

use futures::future::BoxFuture;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::tonic::{Request, Response, Status};
use temporalio_common::protos::temporal::api::workflowservice::v1 as wire;

/// A request to Temporal's frontend. Its type determines the method and the response.
pub trait Method: Clone {
    /// The method's name in `temporal.api.workflowservice.v1.WorkflowService`.
    const NAME: &'static str;
    /// What the method returns.
    type Answer;

    /// Calls the method.
    fn send(
        service: &mut dyn WorkflowService,
        request: Request<Self>,
    ) -> BoxFuture<'_, Result<Response<Self::Answer>, Status>>;
}

macro_rules! methods {
    ($($name:literal: $method:ident($request:ident) -> $answer:ident,)*) => {$(
        impl Method for wire::$request {
            const NAME: &'static str = $name;
            type Answer = wire::$answer;

            fn send(
                service: &mut dyn WorkflowService,
                request: Request<Self>,
            ) -> BoxFuture<'_, Result<Response<Self::Answer>, Status>> {
                service.$method(request)
            }
        }
    )*};
}

methods! {
    "CountWorkflowExecutions":
        count_workflow_executions(CountWorkflowExecutionsRequest) -> CountWorkflowExecutionsResponse,
    "CreateSchedule": create_schedule(CreateScheduleRequest) -> CreateScheduleResponse,
    "DeleteSchedule": delete_schedule(DeleteScheduleRequest) -> DeleteScheduleResponse,
    "DescribeNamespace": describe_namespace(DescribeNamespaceRequest) -> DescribeNamespaceResponse,
    "DescribeSchedule": describe_schedule(DescribeScheduleRequest) -> DescribeScheduleResponse,
    "DescribeTaskQueue": describe_task_queue(DescribeTaskQueueRequest) -> DescribeTaskQueueResponse,
    "DescribeWorkflowExecution":
        describe_workflow_execution(DescribeWorkflowExecutionRequest) -> DescribeWorkflowExecutionResponse,
    "GetWorkflowExecutionHistory":
        get_workflow_execution_history(GetWorkflowExecutionHistoryRequest) -> GetWorkflowExecutionHistoryResponse,
    "GetWorkflowExecutionHistoryReverse":
        get_workflow_execution_history_reverse(GetWorkflowExecutionHistoryReverseRequest)
            -> GetWorkflowExecutionHistoryReverseResponse,
    "ListScheduleMatchingTimes":
        list_schedule_matching_times(ListScheduleMatchingTimesRequest) -> ListScheduleMatchingTimesResponse,
    "ListWorkflowExecutions":
        list_workflow_executions(ListWorkflowExecutionsRequest) -> ListWorkflowExecutionsResponse,
    "PatchSchedule": patch_schedule(PatchScheduleRequest) -> PatchScheduleResponse,
    "PauseWorkflowExecution":
        pause_workflow_execution(PauseWorkflowExecutionRequest) -> PauseWorkflowExecutionResponse,
    "PollWorkflowExecutionUpdate":
        poll_workflow_execution_update(PollWorkflowExecutionUpdateRequest) -> PollWorkflowExecutionUpdateResponse,
    "QueryWorkflow": query_workflow(QueryWorkflowRequest) -> QueryWorkflowResponse,
    "RequestCancelWorkflowExecution":
        request_cancel_workflow_execution(RequestCancelWorkflowExecutionRequest)
            -> RequestCancelWorkflowExecutionResponse,
    "ResetWorkflowExecution":
        reset_workflow_execution(ResetWorkflowExecutionRequest) -> ResetWorkflowExecutionResponse,
    "SignalWorkflowExecution":
        signal_workflow_execution(SignalWorkflowExecutionRequest) -> SignalWorkflowExecutionResponse,
    "StartWorkflowExecution":
        start_workflow_execution(StartWorkflowExecutionRequest) -> StartWorkflowExecutionResponse,
    "TerminateWorkflowExecution":
        terminate_workflow_execution(TerminateWorkflowExecutionRequest) -> TerminateWorkflowExecutionResponse,
    "UnpauseWorkflowExecution":
        unpause_workflow_execution(UnpauseWorkflowExecutionRequest) -> UnpauseWorkflowExecutionResponse,
    "UpdateSchedule": update_schedule(UpdateScheduleRequest) -> UpdateScheduleResponse,
    "UpdateWorkflowExecution":
        update_workflow_execution(UpdateWorkflowExecutionRequest) -> UpdateWorkflowExecutionResponse,
}
