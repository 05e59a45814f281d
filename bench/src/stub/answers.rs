//! The stub's answer to each method.
#![expect(clippy::disallowed_methods, reason = "the stub responds with real times")]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::SystemTime;

use bytes::Bytes;
use prost::Message;
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads, WorkflowType};
use temporalio_common::protos::temporal::api::enums::v1::{
    EventType, HistoryEventFilterType, WorkflowExecutionStatus,
};
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::history::v1::{
    History, HistoryEvent, WorkflowExecutionSignaledEventAttributes, WorkflowExecutionStartedEventAttributes,
};
use temporalio_common::protos::temporal::api::namespace::v1::NamespaceInfo;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflow::v1::{
    WorkflowExecutionConfig, WorkflowExecutionInfo,
};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeNamespaceResponse, DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse,
    GetSystemInfoResponse, GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryResponse,
    StartWorkflowExecutionResponse,
};
use uuid::Uuid;

use crate::effort::LONGEST_HISTORY;
use crate::payload::{QUEUE, WORKFLOW_TYPE};
use crate::scene::DESCRIBED;

/// The number of events in a page of Temporal's frontend (the default of `frontend.historyMaxPageSize`).
const PAGE: usize = 256;

/// The answer to a call.
pub(super) enum Answer {
    Now(Bytes),
    /// The call waits without end.
    Never,
    /// The stub does not know the method.
    Unknown,
}

impl<M: Message> From<M> for Answer {
    fn from(message: M) -> Self {
        Self::Now(message.encode_to_vec().into())
    }
}

/// The stub's workflows: one with a long history, and all others as if just started.
#[derive(Debug)]
pub(super) struct Answers {
    events: Vec<HistoryEvent>,
    /// The long history in encoded pages of [`PAGE`], so that encoding does not use processor time during measurements.
    pages: Vec<Bytes>,
}

impl Answers {
    pub(super) fn new() -> Self {
        let events: Vec<HistoryEvent> = (1..=LONGEST_HISTORY).map(event).collect();
        let pages = (0..events.len()).step_by(PAGE).map(|from| page(&events, from, PAGE)).collect();
        Self { events, pages }
    }

    /// Answers a call of this method.
    pub(super) fn to(&self, method: &str, message: Bytes) -> Answer {
        match method {
            "GetSystemInfo" => GetSystemInfoResponse::default().into(),
            "DescribeNamespace" => {
                let info = NamespaceInfo { name: "default".to_owned(), ..NamespaceInfo::default() };
                DescribeNamespaceResponse { namespace_info: Some(info), ..Default::default() }.into()
            }
            "StartWorkflowExecution" => StartWorkflowExecutionResponse {
                run_id: Uuid::new_v4().to_string(),
                started: true,
                ..Default::default()
            }
            .into(),
            "DescribeWorkflowExecution" => DescribeWorkflowExecutionRequest::decode(message)
                .map_or(Answer::Unknown, |asked| self.description(asked).into()),
            "GetWorkflowExecutionHistory" => GetWorkflowExecutionHistoryRequest::decode(message)
                .map_or(Answer::Unknown, |asked| self.history(&asked)),
            "PollWorkflowTaskQueue" | "PollActivityTaskQueue" => Answer::Never,
            _ => Answer::Unknown,
        }
    }

    fn description(&self, asked: DescribeWorkflowExecutionRequest) -> DescribeWorkflowExecutionResponse {
        let mut execution = asked.execution.unwrap_or_default();
        if execution.run_id.is_empty() {
            execution.run_id = run_of(&execution.workflow_id);
        }
        let is_long = execution.workflow_id == DESCRIBED;
        let now = Some(SystemTime::now().into());
        let queue = TaskQueue { name: QUEUE.to_owned(), ..TaskQueue::default() };
        let info = WorkflowExecutionInfo {
            history_length: if is_long { self.events.len() as i64 } else { 2 },
            first_run_id: execution.run_id.clone(),
            root_execution: Some(execution.clone()),
            execution: Some(execution),
            r#type: Some(WorkflowType { name: WORKFLOW_TYPE.to_owned() }),
            start_time: now,
            execution_time: now,
            status: WorkflowExecutionStatus::Running.into(),
            task_queue: QUEUE.to_owned(),
            ..WorkflowExecutionInfo::default()
        };
        DescribeWorkflowExecutionResponse {
            execution_config: Some(WorkflowExecutionConfig { task_queue: Some(queue), ..Default::default() }),
            workflow_execution_info: Some(info),
            ..DescribeWorkflowExecutionResponse::default()
        }
    }

    fn history(&self, asked: &GetWorkflowExecutionHistoryRequest) -> Answer {
        let closing = asked.history_event_filter_type == i32::from(HistoryEventFilterType::CloseEvent);
        if closing || asked.wait_new_event {
            return Answer::Never;
        }
        let is_long = asked.execution.as_ref().is_some_and(|execution| execution.workflow_id == DESCRIBED);
        let events = if is_long { self.events.as_slice() } else { &self.events[..2] };
        let from = asked.next_page_token.as_slice().try_into().map_or(0, u64::from_be_bytes) as usize;
        let size = usize::try_from(asked.maximum_page_size).ok().filter(|size| (1..PAGE).contains(size));
        Answer::Now(match (size, self.pages.get(from / PAGE)) {
            (None, Some(page)) if is_long && from.is_multiple_of(PAGE) => page.clone(),
            _ => page(events, from, size.unwrap_or(PAGE)),
        })
    }
}

/// Returns one page of these events, encoded.
fn page(events: &[HistoryEvent], from: usize, size: usize) -> Bytes {
    let to = (from + size).min(events.len());
    let response = GetWorkflowExecutionHistoryResponse {
        history: Some(History { events: events.get(from..to).unwrap_or_default().to_vec() }),
        next_page_token: if to < events.len() { (to as u64).to_be_bytes().to_vec() } else { Vec::new() },
        ..GetWorkflowExecutionHistoryResponse::default()
    };
    response.encode_to_vec().into()
}

/// Returns the run ID of a workflow, always the same one.
fn run_of(workflow_id: &str) -> String {
    let mut hasher = DefaultHasher::new();
    workflow_id.hash(&mut hasher);
    Uuid::from_u64_pair(hasher.finish(), hasher.finish()).to_string()
}

/// Returns an event: first a start, then signals.
fn event(number: usize) -> HistoryEvent {
    let data = format!(r#"{{"app":"collectd","cluster":"provider1/cluster{number}"}}"#).into_bytes();
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    let input = Some(Payloads { payloads: vec![Payload { metadata, data, ..Payload::default() }] });
    let (event_type, attributes) = if number == 1 {
        let attributes = WorkflowExecutionStartedEventAttributes {
            workflow_type: Some(WorkflowType { name: WORKFLOW_TYPE.to_owned() }),
            task_queue: Some(TaskQueue { name: QUEUE.to_owned(), ..TaskQueue::default() }),
            input,
            ..Default::default()
        };
        (EventType::WorkflowExecutionStarted, Attributes::from(attributes))
    } else {
        let attributes = WorkflowExecutionSignaledEventAttributes {
            signal_name: "pause".to_owned(),
            input,
            identity: "bench".to_owned(),
            ..Default::default()
        };
        (EventType::WorkflowExecutionSignaled, Attributes::from(attributes))
    };
    HistoryEvent {
        event_id: number as i64,
        event_time: Some(SystemTime::now().into()),
        event_type: event_type.into(),
        // Events without a task ID belong to an attempt that may not be kept.
        task_id: number as i64,
        attributes: Some(attributes),
        ..HistoryEvent::default()
    }
}
