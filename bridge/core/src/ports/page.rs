//! Pages of a history, and the tokens that lead from one to the next.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use workflow_api::{RawJson, RunId};

/// The requested part of a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryRequest {
    /// Only the event that closed the run; no event while the run is open.
    pub close_event: bool,
    /// Whether the newest event comes first.
    pub reverse: bool,
    /// Maximum number of events; `None` for as many as the engine reads at once.
    pub page_size: Option<usize>,
    /// The end of the previous page; `None` for the first page.
    pub page_token: Option<PageToken>,
}

/// A part of a history. It has at least one event, or it is the last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryPage {
    /// The events, each as the engine's canonical JSON.
    pub events: Vec<RawJson>,
    /// The token of the next page; `None` on the last page.
    pub next: Option<PageToken>,
}

/// The end of a page of a history. Its text is opaque to callers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageToken {
    /// The run. Later pages are about the same run, even if there is a later run by then.
    #[serde(rename = "r")]
    pub run_id: RunId,
    /// Whether the newest event comes first.
    #[serde(rename = "v")]
    pub reverse: bool,
    /// The last event of the page. An engine's pages may consist of batches, and a page of ours may end
    /// inside a batch.
    #[serde(rename = "e")]
    pub event_id: i64,
    /// The engine's token of the page that holds this event.
    #[serde(rename = "t", with = "base64_text")]
    pub within: Vec<u8>,
}

/// The text is not a page token.
#[derive(Debug, thiserror::Error)]
#[error("is not a page token: take it from `historyNextPageToken` of the previous page")]
pub struct NoPageToken;

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for PageToken {
    type Err = NoPageToken;

    fn from_str(text: &str) -> Result<Self, NoPageToken> {
        let json = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| NoPageToken)?;
        serde_json::from_slice(&json).map_err(|_| NoPageToken)
    }
}

mod base64_text {
    use serde::{Deserializer, Serializer, de};

    use super::{BASE64_URL_SAFE_NO_PAD, Deserialize, Serialize};
    use base64::Engine as _;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        BASE64_URL_SAFE_NO_PAD.encode(bytes).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_URL_SAFE_NO_PAD.decode(text).map_err(de::Error::custom)
    }
}
