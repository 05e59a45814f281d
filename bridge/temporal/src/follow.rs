//! Watches a run until its end with one long poll.

use std::time::Duration;

use bridge_core::model::WorkflowRun;
use bridge_core::ports::EngineError;
use temporalio_common::protos::temporal::api::enums::v1::HistoryEventFilterType;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryResponse,
};
use tokio::time::Instant;
use workflow_api::RunId;

use crate::describe;
use crate::failure::{self, Background, Ending};
use crate::history::{self, Order};
use crate::patience::Patience;
use crate::polls::{LongPoll, Report};
use crate::rpc::{LONG_POLL, Session};
use crate::servers::Servers;
use crate::wait::Progress;

/// Pause after a call that has failed for a moment.
const AFTER_FAILURE: Duration = Duration::from_millis(100);
/// Interval between two looks at a run for which the server holds no poll open.
pub(crate) const UNPOLLED: Duration = Duration::from_secs(1);

/// Watches one run until its end. Each call except the long polls has the timeout `bound`. The end of "the
/// latest run" is the current latest run: callers that wait on that run by its ID share its poll.
pub(crate) async fn to_the_end(
    servers: Servers,
    run: WorkflowRun,
    bound: Duration,
    report: Report<Progress>,
) -> Result<Ending, EngineError> {
    let session = Session::new(&servers, &run)?;
    // Read first, so that no caller gets `running` for a run that closed long ago.
    let outline = || describe::outline(&session, session.execution(), bound);
    let seen = repeated(&report, || Patience::with_unseen().repeat(outline)).await?;
    if run.run_id.is_empty() {
        return Ok(Ending::Next { state: seen.state, run_id: seen.run_id });
    }
    if !seen.state.is_closed() {
        report.send_replace(Progress::Open(seen.state));
    }
    let event = closing_event(&session, &run.run_id, bound, &report).await?;
    let background = repeated(&report, || background(&session, &event, bound)).await?;
    failure::ending(event, &run.run_id, &background)
        .ok_or_else(|| session.unexpected("the closing event of a run is unknown"))
}

/// Repeats a call that times out: how long a caller waits is for the caller to decide.
async fn repeated<T, F>(report: &Report<Progress>, call: impl Fn() -> F) -> Result<T, EngineError>
where
    F: Future<Output = Result<T, EngineError>>,
{
    loop {
        match call().await {
            Err(error @ EngineError::DeadlineExceeded { .. }) => {
                report.send_if_modified(|progress| {
                    let unknown = matches!(progress, Progress::Unknown | Progress::Slow(_));
                    if unknown {
                        *progress = Progress::Slow(error);
                    }
                    unknown
                });
                tokio::time::sleep(AFTER_FAILURE).await;
            }
            result => return result,
        }
    }
}

/// Returns the event that closes a run, once it exists.
async fn closing_event(
    session: &Session<'_>,
    run_id: &RunId,
    bound: Duration,
    report: &Report<Progress>,
) -> Result<HistoryEvent, EngineError> {
    let _counted = LongPoll::open();
    let mut page_token = Vec::new();
    let mut closed = false;
    loop {
        let page = next_page(session, run_id, HistoryEventFilterType::CloseEvent, &page_token).await?;
        page_token = page.next_page_token;
        let last = page.history.and_then(|history| history.events.into_iter().next_back());
        let Some(event) = last else { continue };
        if closed || failure::state(&event).is_some() {
            return Ok(event);
        }
        // Temporal holds no poll open for a run that is paused or in an unknown state, but returns its last
        // event at once.
        match describe::outline(session, session.execution(), bound).await {
            Ok(seen) if seen.state.is_closed() => closed = true,
            Ok(seen) => {
                report.send_replace(Progress::Open(seen.state));
                tokio::time::sleep(UNPOLLED).await;
            }
            Err(EngineError::Unavailable { .. } | EngineError::DeadlineExceeded { .. }) => {
                tokio::time::sleep(AFTER_FAILURE).await;
            }
            Err(error) => return Err(error),
        }
        page_token.clear();
    }
}

/// Returns the next page of a history, once there is one. If the server is away for a moment, the call is
/// repeated.
pub(crate) async fn next_page(
    session: &Session<'_>,
    run_id: &RunId,
    filter: HistoryEventFilterType,
    page_token: &[u8],
) -> Result<GetWorkflowExecutionHistoryResponse, EngineError> {
    let mut patience = Patience::default();
    loop {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: session.namespace(),
            execution: session.execution_of(run_id.as_str()),
            wait_new_event: true,
            history_event_filter_type: filter.into(),
            next_page_token: page_token.to_vec(),
            ..Default::default()
        };
        let begun = Instant::now();
        let page = session.try_call(LONG_POLL, request);
        match page.await {
            // Both tries of the connection may fail while a server restarts.
            Err(fault) if patience.endures(&fault, begun).await => {}
            page => return page.map_err(|fault| session.error(fault, LONG_POLL)),
        }
    }
}

/// Reads from earlier events what the closing event lacks; from the end, where these events most likely are.
async fn background(
    session: &Session<'_>,
    closing: &HistoryEvent,
    bound: Duration,
) -> Result<Background, EngineError> {
    let mut background = Background::of(closing);
    let mut page_token = Vec::new();
    while !background.is_complete() {
        let run_id = &session.run().run_id;
        let page = || history::page(session, run_id, Order::Backward, page_token.clone(), usize::MAX, bound);
        let (events, next) = Patience::default().repeat(page).await?;
        events.iter().for_each(|event| background.read(event));
        if next.is_empty() {
            break;
        }
        page_token = next;
    }
    Ok(background)
}
