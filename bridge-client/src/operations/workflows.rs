//! Workflows: starts, what was started, and what is done to it.
//!
//! Calls about a workflow are about the one of the intent's last successful start. The parameters `workflowID`,
//! `runID`,
//! `namespace` and `temporalServer` of the query, or the same fields of the body, name another.

use workflow_api::{
    CancelRequest, IntentKey, PauseRequest, QueryAnswer, QueryRequest, ResetAnswer, ResetRequest,
    SignalRequest, StartRequest, StopReport, TerminateRequest, UpdateAnswer, UpdateRequest, WorkflowStatus,
};

use super::{of_group, operations};
use crate::model::{Run, StartAnswer};

operations! {
    /// Starts the workflow of an intent. With [`representation`](crate::Call::representation) or
    /// [`dry_run`](crate::Call::dry_run), the response has a value. With
    /// [`idempotency_key`](crate::Call::idempotency_key), repeated calls are one start.
    POST of_group!("/{workflowIntent}/start") =>
        start_intent(intent: IntentKey) [Option<StartRequest>] -> Option<StartAnswer>;

    /// Lists the starts of an intent, newest first, each with the state of its run now.
    GET of_group!("/{workflowIntent}/runs") => list_runs(intent: IntentKey) -> Vec<Run>;

    /// Returns a start, by its ID.
    GET of_group!("/{workflowIntent}/runs/{run}") => get_run(intent: IntentKey, run: str) -> Run;

    /// Returns the status of the workflow. [`wait_for_result`](crate::Call::wait_for_result) waits for its end (202
    /// if it has not come), and [`events`](crate::Call::events) follows it.
    GET of_group!("/{workflowIntent}/status") => intent_status(intent: IntentKey) -> WorkflowStatus;

    /// Asks the workflow to end after a clean-up. The response has a value with
    /// [`representation`](crate::Call::representation) or [`wait`](crate::Call::wait).
    POST of_group!("/{workflowIntent}/cancel") =>
        cancel_workflow(intent: IntentKey) [CancelRequest] -> Option<StopReport>;

    /// Ends the workflow at once.
    POST of_group!("/{workflowIntent}/terminate") =>
        terminate_workflow(intent: IntentKey) [TerminateRequest] -> Option<StopReport>;

    /// Pauses the workflow, without ending it.
    POST of_group!("/{workflowIntent}/pause") =>
        pause_workflow(intent: IntentKey) [Option<PauseRequest>] -> Option<WorkflowStatus>;

    /// Lets a paused workflow continue.
    POST of_group!("/{workflowIntent}/unpause") =>
        unpause_workflow(intent: IntentKey) [Option<PauseRequest>] -> Option<WorkflowStatus>;

    /// Sends a signal to the workflow.
    POST of_group!("/{workflowIntent}/signal") =>
        signal_workflow(intent: IntentKey) [SignalRequest] -> Option<WorkflowStatus>;

    /// Queries the workflow, without any change.
    POST of_group!("/{workflowIntent}/query") =>
        query_workflow(intent: IntentKey) [QueryRequest] -> QueryAnswer;

    /// Sends an update to the workflow, and returns its outcome.
    POST of_group!("/{workflowIntent}/update") =>
        update_workflow(intent: IntentKey) [UpdateRequest] -> UpdateAnswer;

    /// Restarts the workflow from a point of its history, as a new run.
    POST of_group!("/{workflowIntent}/reset") =>
        reset_workflow(intent: IntentKey) [ResetRequest] -> ResetAnswer;
}
