//! Reads the history of a run page by page, from either end.

use std::time::Duration;

use bridge_core::ports::{EngineError, HistoryPage, HistoryRequest, PageToken};
use heavy::heavy;
use prost::Message;
use temporalio_common::protos::temporal::api::enums::v1::HistoryEventFilterType;
use temporalio_common::protos::temporal::api::history::v1::{History, HistoryEvent};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryReverseRequest,
};
use workflow_api::{RawJson, RunId};

use crate::describe;
use crate::rpc::Session;

/// Returns a page of the current events.
pub(crate) async fn history(
    session: &Session<'_>,
    request: &HistoryRequest,
    bound: Duration,
) -> Result<HistoryPage, EngineError> {
    if request.close_event {
        // A request for the closing event of an open run would wait for it, even if it is set not to wait.
        let seen = describe::outline(session, session.execution(), bound).await?;
        if !seen.state.is_closed() {
            return Ok(HistoryPage::default());
        }
    }
    let from = request.page_token.as_ref();
    let run_id = match from {
        Some(token) => token.run_id.clone(),
        // All pages are about one run.
        None if !request.close_event && session.run().run_id.is_empty() => {
            describe::outline(session, session.execution(), bound).await?.run_id
        }
        None => session.run().run_id.clone(),
    };
    let order = match request {
        // The closing event is a single one, so it has no order.
        HistoryRequest { close_event: true, .. } => Order::Close,
        HistoryRequest { reverse: true, .. } => Order::Backward,
        _ => Order::Forward,
    };
    let size = request.page_size.unwrap_or(usize::MAX);
    let mut within = from.map(|token| token.within.clone()).unwrap_or_default();
    let mut last = from.map(|token| token.event_id);
    let mut events = Vec::new();
    loop {
        let (mut page, next) = page(session, &run_id, order, within.clone(), size, bound).await?;
        page.retain(|event| last.is_none_or(|last| follows(event.event_id, last, request.reverse)));
        let room = size - events.len();
        let is_full = page.len() > room;
        page.truncate(room);
        last = page.last().map(|event| event.event_id).or(last);
        events.extend(written(session, page).await?.into_iter().map(|(_, json)| json));
        if is_full || (request.page_size.is_none() && !events.is_empty() && !next.is_empty()) {
            let within = if is_full { within } else { next };
            let next = last.map(|event_id| PageToken { run_id, reverse: request.reverse, event_id, within });
            return Ok(HistoryPage { events, next });
        }
        if next.is_empty() {
            return Ok(HistoryPage { events, next: None });
        }
        within = next;
    }
}

/// The work of writing an event, beside that for its bytes, as if it had so many more.
const EVENT: usize = 1 << 10;

/// Adds their JSON to events. Other callers do not wait for a large page.
pub(crate) async fn written(
    session: &Session<'_>,
    events: Vec<HistoryEvent>,
) -> Result<Vec<(HistoryEvent, RawJson)>, EngineError> {
    let size = events.iter().map(|event| EVENT + event.encoded_len()).sum();
    let write = |event| temporal::json::event(&event).map(|json| (event, json));
    let written = heavy(size, move || events.into_iter().map(write).collect::<Result<_, _>>()).await;
    written.map_err(|error| session.unexpected(error))
}

/// Returns the settled events of a page. For a workflow task that Temporal retries, the page also has the
/// events that would exist if the attempt succeeded, except for calls from its own command line or UI. The
/// IDs of these events are used again later.
pub(crate) fn settled(history: Option<History>) -> impl Iterator<Item = HistoryEvent> {
    history.unwrap_or_default().events.into_iter().filter(|event| event.task_id > 0)
}

/// Returns whether an event comes after the last one.
fn follows(event_id: i64, last: i64, reverse: bool) -> bool {
    if reverse { event_id < last } else { event_id > last }
}

/// The size of Temporal's own pages.
pub(crate) const LARGEST: usize = 256;

/// The events to read, and their order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Forward,
    Backward,
    /// Only the event that closed the run.
    Close,
}

/// Returns one of Temporal's pages of a run, of at most `size` batches of events, and the token of the next.
pub(crate) async fn page(
    session: &Session<'_>,
    run_id: &RunId,
    order: Order,
    token: Vec<u8>,
    size: usize,
    bound: Duration,
) -> Result<(Vec<HistoryEvent>, Vec<u8>), EngineError> {
    let maximum_page_size = i32::try_from(size.min(LARGEST)).unwrap_or_default();
    let (namespace, execution) = (session.namespace(), session.execution_of(run_id.as_str()));
    let (history, next) = if order == Order::Backward {
        let request = GetWorkflowExecutionHistoryReverseRequest {
            namespace,
            execution,
            next_page_token: token,
            maximum_page_size,
        };
        let page = session.call(bound, request).await?;
        (page.history, page.next_page_token)
    } else {
        let filter = match order {
            Order::Close => HistoryEventFilterType::CloseEvent,
            _ => HistoryEventFilterType::AllEvent,
        };
        let request = GetWorkflowExecutionHistoryRequest {
            namespace,
            execution,
            history_event_filter_type: filter.into(),
            next_page_token: token,
            maximum_page_size,
            ..Default::default()
        };
        let page = session.call(bound, request).await?;
        (page.history, page.next_page_token)
    };
    Ok((settled(history).collect(), next))
}
