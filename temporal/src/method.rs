//! The methods of Temporal's frontend that we call ourselves, by the requests that they take.
//!
//! The SDK's own way to them makes and unmakes a message, its head and four futures on the way, which is half of what a call costs us.

use prost::Message;
use temporalio_common::protos::temporal::api::workflowservice::v1 as wire;

/// A request to Temporal's frontend, whose type says which method takes it and what that answers.
pub trait Method: Message {
    /// The method's name in `temporal.api.workflowservice.v1.WorkflowService`.
    const NAME: &'static str;
    /// What it answers.
    type Answer: Message + Default;
}

macro_rules! methods {
    ($($name:literal: $request:ident -> $answer:ident,)*) => {$(
        impl Method for wire::$request {
            const NAME: &'static str = $name;
            type Answer = wire::$answer;
        }
    )*};
}

methods! {
    "CountWorkflowExecutions": CountWorkflowExecutionsRequest -> CountWorkflowExecutionsResponse,
    "DescribeNamespace": DescribeNamespaceRequest -> DescribeNamespaceResponse,
    "DescribeTaskQueue": DescribeTaskQueueRequest -> DescribeTaskQueueResponse,
    "DescribeWorkflowExecution": DescribeWorkflowExecutionRequest -> DescribeWorkflowExecutionResponse,
    "GetWorkflowExecutionHistory": GetWorkflowExecutionHistoryRequest -> GetWorkflowExecutionHistoryResponse,
    "GetWorkflowExecutionHistoryReverse":
        GetWorkflowExecutionHistoryReverseRequest -> GetWorkflowExecutionHistoryReverseResponse,
    "PollWorkflowExecutionUpdate": PollWorkflowExecutionUpdateRequest -> PollWorkflowExecutionUpdateResponse,
    "QueryWorkflow": QueryWorkflowRequest -> QueryWorkflowResponse,
    "RequestCancelWorkflowExecution":
        RequestCancelWorkflowExecutionRequest -> RequestCancelWorkflowExecutionResponse,
    "ResetWorkflowExecution": ResetWorkflowExecutionRequest -> ResetWorkflowExecutionResponse,
    "SignalWorkflowExecution": SignalWorkflowExecutionRequest -> SignalWorkflowExecutionResponse,
    "StartWorkflowExecution": StartWorkflowExecutionRequest -> StartWorkflowExecutionResponse,
    "TerminateWorkflowExecution": TerminateWorkflowExecutionRequest -> TerminateWorkflowExecutionResponse,
    "UpdateWorkflowExecution": UpdateWorkflowExecutionRequest -> UpdateWorkflowExecutionResponse,
}
