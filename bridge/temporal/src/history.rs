//! The history of a run, whole or page by page, from either end.

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

/// Events up to now.
pub(crate) async fn history(
    session: &Session<'_>,
    request: &HistoryRequest,
    bound: Duration,
) -> Result<HistoryPage, EngineError> {
    if request.close_event {
        // Asked for the closing event of an open run, Temporal waits for it, even where it is told not to.
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
    let mut told = from.map(|token| token.event_id);
    let mut events = Vec::new();
    loop {
        let (page, next) = read.page(&within).await?;
        for event in page {
            if told.is_some_and(|told| !follows(event.event_id, told, request.reverse)) {
                continue;
            }
            if request.page_size == Some(events.len()) {
                let next =
                    told.map(|event_id| PageToken { run_id, reverse: request.reverse, event_id, within });
                return Ok(HistoryPage { events, next });
            }
            told = Some(event.event_id);
            events.push(temporal::json::event(&event).map_err(|error| session.unexpected(error))?);
        }
        if next.is_empty() {
            return Ok(HistoryPage { events, next: None });
        }
        within = next;
    }
}

/// The events of a page that stay. Of a workflow task that it tries again Temporal adds what would be the events, had the try
/// succeeded, unless it is its own command line or UI that asks; the IDs of these are given again later.
pub(crate) fn settled(history: Option<History>) -> impl Iterator<Item = HistoryEvent> {
    history.unwrap_or_default().events.into_iter().filter(|event| event.task_id > 0)
}

/// Whether an event comes after the one told last.
fn follows(event_id: i64, told: i64, reverse: bool) -> bool {
    if reverse { event_id < told } else { event_id > told }
}

/// What is read page by page.
pub(crate) struct Read<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) run_id: &'a RunId,
    pub(crate) request: &'a HistoryRequest,
    pub(crate) bound: Duration,
}

impl Read<'_> {
    /// One of Temporal's pages, and the token of the next.
    pub(crate) async fn page(&self, token: &[u8]) -> Result<(Vec<HistoryEvent>, Vec<u8>), EngineError> {
        let (namespace, execution) =
            (self.session.namespace(), self.session.execution_of(self.run_id.as_str()));
        // The closing event is one: it has no order.
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
