//! A started workflow: its result, its state, its history.

use std::time::Duration;

use harness::eventually;
use serde_json::Value;
use temporalio_client::errors::WorkflowGetResultError;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::tonic::IntoRequest;
use temporalio_client::{
    Client, UntypedQuery, UntypedSignal, UntypedWorkflow, WorkflowCancelOptions, WorkflowDescribeOptions,
    WorkflowFetchHistoryOptions, WorkflowGetResultOptions, WorkflowHandle, WorkflowQueryOptions,
    WorkflowSignalOptions, WorkflowTerminateOptions,
};
use temporalio_common::data_converters::RawValue;
use temporalio_common::error::IncomingError;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::history::v1::{History, HistoryEvent};
use temporalio_common::protos::temporal::api::workflowservice::v1::ResetWorkflowExecutionRequest;

use crate::replay;

/// A timeout for what happens without help, also on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// A timeout for a real EMCO with real clusters.
pub(crate) fn patience() -> Duration {
    if crate::site::is_real() { 10 * SOON } else { SOON }
}

pub(crate) struct Run {
    handle: WorkflowHandle<Client, UntypedWorkflow>,
}

/// Why a workflow failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The type of the outermost failure, if it has one.
    pub(crate) kind: String,
    pub(crate) non_retryable: bool,
    /// Its message, and those of its causes.
    pub(crate) text: String,
    /// The details of the outermost failure.
    pub(crate) details: Option<Value>,
}

impl Run {
    pub(crate) fn new(handle: WorkflowHandle<Client, UntypedWorkflow>) -> Self {
        Self { handle }
    }

    /// Waits for the result, as JSON.
    pub(crate) async fn result(&self) -> Value {
        self.end().await.map(|raw| json(&raw)).unwrap()
    }

    /// Waits for the failure.
    pub(crate) async fn failure(&self) -> Failure {
        let Err(WorkflowGetResultError::Failed(error)) = self.end().await else { panic!("it did not fail") };
        let mut text = String::new();
        let mut cause = Some(&*error);
        while let Some(error) = cause {
            text = format!("{text}{}\n", error.failure().message);
            cause = error.cause();
        }
        match *error {
            IncomingError::Application(failure) => Failure {
                kind: failure.type_name().unwrap_or_default().to_owned(),
                non_retryable: failure.is_non_retryable(),
                details: failure.details().unwrap(),
                text,
            },
            _ => Failure { kind: String::new(), non_retryable: false, text, details: None },
        }
    }

    /// Waits for the end, including retries by Temporal.
    pub(crate) async fn end(&self) -> Result<RawValue, WorkflowGetResultError> {
        let end = self.handle.get_result(WorkflowGetResultOptions::default());
        tokio::time::timeout(patience(), end).await.expect("the workflow ends in time")
    }

    /// Returns the response of the query `current-state` to this argument.
    pub(crate) async fn current_state(&self, argument: RawValue) -> Value {
        self.query("current-state", argument).await
    }

    /// Returns the response of a query to this argument.
    pub(crate) async fn query(&self, name: &str, argument: RawValue) -> Value {
        let query = UntypedQuery::new(name);
        json(&self.handle.query(query, argument, WorkflowQueryOptions::default()).await.unwrap())
    }

    /// Sends a signal without an argument.
    pub(crate) async fn signal(&self, name: &str) {
        let (signal, nothing) = (UntypedSignal::new(name), RawValue::default());
        self.handle.signal(signal, nothing, WorkflowSignalOptions::default()).await.unwrap();
    }

    pub(crate) async fn terminate(&self) {
        self.handle.terminate(WorkflowTerminateOptions::default()).await.unwrap();
    }

    /// Resets the latest run to its first workflow task. Returns the new run.
    pub(crate) async fn reset_to_first_task(&self) -> Self {
        self.reset_to(|events| {
            let completed =
                events.iter().find(|event| event.event_type() == EventType::WorkflowTaskCompleted);
            completed.unwrap().event_id
        })
        .await
    }

    /// Resets the latest run to the workflow task after the start of its first child. Returns the new run.
    pub(crate) async fn reset_after_child_start(&self) -> Self {
        self.reset_to(|events| {
            let started = EventType::ChildWorkflowExecutionStarted;
            let mut after = events.iter().skip_while(|event| event.event_type() != started);
            after.find(|event| event.event_type() == EventType::WorkflowTaskCompleted).unwrap().event_id
        })
        .await
    }

    async fn reset_to(&self, event_id: impl Fn(&[HistoryEvent]) -> i64) -> Self {
        let (mut client, id) = (self.handle.client().clone(), self.handle.info().workflow_id.clone());
        let execution = WorkflowExecution { workflow_id: id.clone(), run_id: self.latest_run_id().await };
        let request = ResetWorkflowExecutionRequest {
            namespace: self.handle.info().namespace.clone(),
            workflow_execution: Some(execution),
            reason: "a test".to_owned(),
            workflow_task_finish_event_id: event_id(&self.events().await),
            request_id: format!("reset {id}"),
            ..Default::default()
        };
        WorkflowService::reset_workflow_execution(&mut client, request.into_request()).await.unwrap();
        self.of_id(&id)
    }

    /// Returns the run ID of the latest run.
    pub(crate) async fn latest_run_id(&self) -> String {
        self.latest().handle.describe(WorkflowDescribeOptions::default()).await.unwrap().run_id().to_owned()
    }

    /// Returns the latest run, whichever that is.
    pub(crate) fn latest(&self) -> Self {
        self.of_id(&self.handle.info().workflow_id)
    }

    /// Returns the workflow with this ID, such as a child of this one.
    pub(crate) fn of_id(&self, id: &str) -> Self {
        Self::new(self.handle.client().get_workflow_handle(id))
    }

    /// Returns the maximum number of child workflows that ran at the same time.
    pub(crate) async fn most_children(&self) -> usize {
        let (mut now, mut most) = (0_usize, 0);
        for event in self.events().await {
            match event.attributes {
                Some(Attributes::ChildWorkflowExecutionStartedEventAttributes(_)) => now += 1,
                Some(
                    Attributes::ChildWorkflowExecutionCompletedEventAttributes(_)
                    | Attributes::ChildWorkflowExecutionFailedEventAttributes(_)
                    | Attributes::ChildWorkflowExecutionCanceledEventAttributes(_),
                ) => now -= 1,
                _ => {}
            }
            most = most.max(now);
        }
        most
    }

    /// Waits until the query `current-state` returns this.
    pub(crate) async fn reaches(&self, state: &str) {
        eventually(patience(), state, async || {
            let now = self.current_state(RawValue::default()).await;
            if now == state { Ok(()) } else { Err(now) }
        })
        .await;
    }

    pub(crate) async fn cancel(&self) {
        self.handle.cancel(WorkflowCancelOptions::default()).await.unwrap();
    }

    /// Replays the history with the current workflow code, and records it under this name if asked to.
    pub(crate) async fn replays(&self, name: &str) {
        let history = History { events: self.events().await };
        replay::keep(name, &history);
        replay::replay(history).await;
    }

    /// Returns the number of attempts of each activity, in order.
    pub(crate) async fn attempts(&self) -> Vec<(String, i32)> {
        let mut attempts = Vec::new();
        for event in self.events().await {
            match event.attributes {
                Some(Attributes::ActivityTaskScheduledEventAttributes(scheduled)) => {
                    attempts.push((scheduled.activity_type.unwrap().name, 0));
                }
                Some(Attributes::ActivityTaskStartedEventAttributes(started)) => {
                    attempts.last_mut().unwrap().1 = started.attempt;
                }
                _ => {}
            }
        }
        attempts
    }

    /// Returns the type of the failure of the first activity's last attempt but one.
    pub(crate) async fn first_failure(&self) -> Option<String> {
        let started = self.events().await.into_iter().find_map(|event| match event.attributes {
            Some(Attributes::ActivityTaskStartedEventAttributes(started)) => Some(started),
            _ => None,
        });
        match started?.last_failure?.failure_info? {
            FailureInfo::ApplicationFailureInfo(failure) => Some(failure.r#type),
            _ => None,
        }
    }

    /// Returns the attempt number of the latest run.
    pub(crate) async fn workflow_attempts(&self) -> i32 {
        match self.events().await.into_iter().next().and_then(|event| event.attributes) {
            Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) => started.attempt,
            other => panic!("not the start of a workflow: {other:?}"),
        }
    }

    /// Returns the events of the latest run.
    async fn events(&self) -> Vec<HistoryEvent> {
        let (client, id) = (self.handle.client(), &self.handle.info().workflow_id);
        let latest = client.get_workflow_handle::<UntypedWorkflow>(id);
        latest.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await.unwrap()
    }
}

fn json(raw: &RawValue) -> Value {
    serde_json::from_slice(&raw.payloads[0].data).unwrap()
}
