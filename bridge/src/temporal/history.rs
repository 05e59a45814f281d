//! The history of a run, whole or page by page, from either end.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use temporalio_common::protos::temporal::api::enums::v1::HistoryEventFilterType;
use temporalio_common::protos::temporal::api::history::v1::{History, HistoryEvent};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryReverseRequest,
};
use workflow_api::{RawJson, RunId};

use super::rpc::Session;
use super::{EngineError, describe};

/// Which events of a history to tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryRequest {
    /// Whether to tell only the event that closed the run; nothing while it is open.
    pub close_event: bool,
    /// Whether to begin with the newest.
    pub reverse: bool,
    /// How many events to tell at most; `None` for all.
    pub page_size: Option<usize>,
    /// Where the last page ended; `None` for the first.
    pub page_token: Option<PageToken>,
}

/// A part of a history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryPage {
    /// The events, each as the engine's canonical JSON.
    pub events: Vec<RawJson>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<PageToken>,
}

/// Where a page of a history ended. Its text is opaque to callers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageToken {
    /// The run; later pages stay with it, whatever the latest run is by then.
    #[serde(rename = "r")]
    pub run_id: RunId,
    /// Whether the pages begin with the newest event.
    #[serde(rename = "v")]
    pub reverse: bool,
    /// The last event told. Temporal's pages are of batches, not of events; ours may end amid one of its own.
    #[serde(rename = "e")]
    event_id: i64,
    /// Temporal's token of the page that holds this event.
    #[serde(rename = "t")]
    within: String,
}

/// A text that is no page token.
#[derive(Debug, thiserror::Error)]
#[error("is no page token: take it from `historyNextPageToken` of the page before")]
pub struct NoPageToken;

impl std::fmt::Display for PageToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| std::fmt::Error)?;
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}

impl std::str::FromStr for PageToken {
    type Err = NoPageToken;

    fn from_str(text: &str) -> Result<Self, NoPageToken> {
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| NoPageToken)?;
        let token: Self = serde_json::from_slice(&json).map_err(|_| NoPageToken)?;
        BASE64_URL_SAFE_NO_PAD.decode(&token.within).map_err(|_| NoPageToken)?;
        Ok(token)
    }
}

/// Events up to now.
pub(super) async fn history(
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
    let mut within = from.map(|token| decoded(&token.within)).unwrap_or_default();
    let mut told = from.map(|token| token.event_id);
    let mut events = Vec::new();
    loop {
        let (page, next) = read.page(&within).await?;
        for event in page {
            if told.is_some_and(|told| !follows(event.event_id, told, request.reverse)) {
                continue;
            }
            if request.page_size == Some(events.len()) {
                let next = told.map(|event_id| PageToken {
                    run_id,
                    reverse: request.reverse,
                    event_id,
                    within: BASE64_URL_SAFE_NO_PAD.encode(&within),
                });
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
pub(super) fn settled(history: Option<History>) -> impl Iterator<Item = HistoryEvent> {
    history.unwrap_or_default().events.into_iter().filter(|event| event.task_id > 0)
}

/// Whether an event comes after the one told last.
fn follows(event_id: i64, told: i64, reverse: bool) -> bool {
    if reverse { event_id < told } else { event_id > told }
}

fn decoded(within: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(within).unwrap_or_default()
}

/// What is read page by page.
pub(super) struct Read<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) run_id: &'a RunId,
    pub(super) request: &'a HistoryRequest,
    pub(super) bound: Duration,
}

impl Read<'_> {
    /// One of Temporal's pages, and the token of the next.
    pub(super) async fn page(&self, token: &[u8]) -> Result<(Vec<HistoryEvent>, Vec<u8>), EngineError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_token_survives_as_text() {
        let token = PageToken {
            run_id: "run".into(),
            reverse: true,
            event_id: 7,
            within: BASE64_URL_SAFE_NO_PAD.encode([0, 255]),
        };
        let text = token.to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
        assert_eq!(text.parse::<PageToken>().unwrap(), token);
    }

    #[test]
    fn other_texts_are_no_page_tokens() {
        let broken = BASE64_URL_SAFE_NO_PAD.encode(r#"{"r":"run","v":true,"e":7,"t":"%"}"#);
        for text in ["", "x", "e30", &broken] {
            assert!(text.parse::<PageToken>().is_err(), "{text}");
        }
    }
}
