//! Pages of a history, and the tokens that lead from one to the next.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use workflow_api::{RawJson, RunId};

/// Which events of a history are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryRequest {
    /// Only the event that closed the run; none while it is open.
    pub close_event: bool,
    /// Whether the newest event comes first.
    pub reverse: bool,
    /// How many events at most; `None` for all.
    pub page_size: Option<usize>,
    /// Where the page before ended; `None` for the first page.
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
    /// Whether the newest event comes first.
    #[serde(rename = "v")]
    pub reverse: bool,
    /// The last event of the page. An engine's pages may be of batches, and ours may end inside one.
    #[serde(rename = "e")]
    pub event_id: i64,
    /// The engine's token of the page that holds this event.
    #[serde(rename = "t", with = "base64_text")]
    pub within: Vec<u8>,
}

/// A text that is no page token.
#[derive(Debug, thiserror::Error)]
#[error("is no page token: take it from `historyNextPageToken` of the page before")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_token_survives_as_text() {
        let token = PageToken { run_id: "run".into(), reverse: true, event_id: 7, within: vec![0, 255] };
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
