//! Reads the history of a run, whole or page by page, from either end.

use std::time::Duration;

use bridge_core::ports::{EngineError, HistoryPage, HistoryRequest, PageToken};
use temporalio_common::protos::temporal::api::enums::v1::HistoryEventFilterType;
use temporalio_common::protos::temporal::api::history::v1::{History, HistoryEvent};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryReverseRequest,
};
use workflow_api::RunId;

use crate::describe;
use crate::rpc::Session;

/// Returns the current events.
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
        None if request.page_size.is_some() && session.run().run_id.is_empty() => {
            describe::outline(session, session.execution(), bound).await?.run_id
        }
        None => session.run().run_id.clone(),
    };
    let read = Read { session, run_id: &run_id, request, bound };
    let mut within = from.map(|token| token.within.clone()).unwrap_or_default();
    let mut last = from.map(|token| token.event_id);
    let mut events = Vec::new();
    loop {
        let (page, next) = read.page(&within).await?;
        for event in page {
            if last.is_some_and(|last| !follows(event.event_id, last, request.reverse)) {
                continue;
            }
            if request.page_size == Some(events.len()) {
                let next =
                    last.map(|event_id| PageToken { run_id, reverse: request.reverse, event_id, within });
                return Ok(HistoryPage { events, next });
            }
            last = Some(event.event_id);
            events.push(temporal::json::event(&event).map_err(|error| session.unexpected(error))?);
            // A long history must not hold a thread: other callers get their turn.
            tokio::task::coop::consume_budget().await;
        }
        if next.is_empty() {
            return Ok(HistoryPage { events, next: None });
        }
        within = next;
    }
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

/// Reads a history page by page.
pub(crate) struct Read<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) run_id: &'a RunId,
    pub(crate) request: &'a HistoryRequest,
    pub(crate) bound: Duration,
}

impl Read<'_> {
    /// Returns one of Temporal's pages, and the token of the next.
    pub(crate) async fn page(&self, token: &[u8]) -> Result<(Vec<HistoryEvent>, Vec<u8>), EngineError> {
        let (namespace, execution) =
            (self.session.namespace(), self.session.execution_of(self.run_id.as_str()));
        // The closing event is a single one, so it has no order.
        if self.request.reverse && !self.request.close_event {
            let request = GetWorkflowExecutionHistoryReverseRequest {
                namespace,
                execution,
                next_page_token: token.to_vec(),
                ..Default::default()
            };
            let page = self.session.call(self.bound, request);
            let page = page.await?;
            return Ok((settled(page.history).collect(), page.next_page_token));
        }
        let filter = if self.request.close_event {
            HistoryEventFilterType::CloseEvent
        } else {
            HistoryEventFilterType::AllEvent
        };
        let request = GetWorkflowExecutionHistoryRequest {
            namespace,
            execution,
            history_event_filter_type: filter.into(),
            next_page_token: token.to_vec(),
            ..Default::default()
        };
        let page = self.session.call(self.bound, request);
        let page = page.await?;
        Ok((settled(page.history).collect(), page.next_page_token))
    }
}
