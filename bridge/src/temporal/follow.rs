//! Following a run to its end, and through the runs that go on with its work.

use std::time::Duration;

use service::temporal::TemporalConnections;
use temporalio_common::protos::temporal::api::enums::v1::HistoryEventFilterType;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryReverseRequest,
};
use tokio::time::Instant;
use workflow_api::{RunId, WorkflowState};

use super::failure::{self, Ending};
use super::rpc::Session;
use super::wait::{Progress, Report};
use super::{Closed, EngineError, WorkflowRun, describe};

/// How long one long poll may be held. Temporal itself answers after some 20 s.
const LONG_POLL: Duration = Duration::from_secs(60);
/// How long Temporal may be away before waiters are told.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two attempts to reach it.
const PAUSE: Duration = Duration::from_millis(100);

/// Follows `run` to its last end. Each call but the long polls is bound by `bound`.
pub(super) async fn to_the_end(
    connections: TemporalConnections,
    run: WorkflowRun,
    bound: Duration,
    report: Report,
) -> Result<Closed, EngineError> {
    let session = Session::new(&connections, &run);
    let mut at = run.run_id.clone();
    loop {
        // Seen first, so that nobody is told `running` of what ended long ago; and so the latest run gets its ID.
        let seen = describe::outline(&session, session.execution_of(at.as_str()), bound).await?;
        at = seen.run_id;
        if seen.state == WorkflowState::Running {
            report.send_replace(Progress::Running);
        }
        let event = closing_event(&session, &at).await?;
        match failure::ending(event, &at) {
            Some(Ending::Next(next)) => {
                report.send_replace(Progress::Unknown);
                at = next;
            }
            Some(Ending::Final(mut closed)) => {
                if closed.state == WorkflowState::Canceled {
                    let reason = cancel_reason(&session, &at, bound).await?;
                    closed.failure = Some(failure::canceled(&reason));
                }
                return Ok(closed);
            }
            None => return Err(session.unexpected("a run closed with an unknown event")),
        }
    }
}

/// The event that closes a run, once it is there.
async fn closing_event(session: &Session<'_>, run_id: &RunId) -> Result<HistoryEvent, EngineError> {
    let mut page_token = Vec::new();
    let mut away = None;
    loop {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: session.namespace(),
            execution: session.execution_of(run_id.as_str()),
            wait_new_event: true,
            history_event_filter_type: HistoryEventFilterType::CloseEvent.into(),
            next_page_token: page_token.clone(),
            ..Default::default()
        };
        let page = session
            .call(LONG_POLL, request, |temporal, request| temporal.get_workflow_execution_history(request));
        match page.await {
            Ok(page) => {
                if let Some(event) = page.history.and_then(|history| history.events.into_iter().next_back()) {
                    return Ok(event);
                }
                page_token = page.next_page_token;
                away = None;
            }
            // The SDK does not repeat a poll that was long open, nor one whose connection was cut.
            Err(EngineError::Unavailable { .. })
                if away.get_or_insert_with(Instant::now).elapsed() < PATIENCE =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Why a run was cancelled, as its history has it; read from the end, where the request most likely is.
async fn cancel_reason(
    session: &Session<'_>,
    run_id: &RunId,
    bound: Duration,
) -> Result<String, EngineError> {
    let mut page_token = Vec::new();
    loop {
        let request = GetWorkflowExecutionHistoryReverseRequest {
            namespace: session.namespace(),
            execution: session.execution_of(run_id.as_str()),
            next_page_token: page_token,
            ..Default::default()
        };
        let page = session
            .call(bound, request, |temporal, request| {
                temporal.get_workflow_execution_history_reverse(request)
            })
            .await?;
        let events = page.history.unwrap_or_default().events;
        if let Some(reason) = events.iter().find_map(failure::cancel_reason) {
            return Ok(reason.to_owned());
        }
        if page.next_page_token.is_empty() {
            return Ok(String::new());
        }
        page_token = page.next_page_token;
    }
}
