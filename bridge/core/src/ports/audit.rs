//! The audit: what callers did. Only the database writes it, so that an event and the change that it is about
//! are written together.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use audit_seals::Batch;
use jiff::Timestamp;

use super::StoreError;
use crate::model::{Event, EventOutcome};

/// Keeps the events of the audit. Other ports of the database write some of them, with the change.
#[async_trait]
pub trait Audit: fmt::Debug + Send + Sync {
    /// Writes an event. When this returns, the event survives a power failure.
    async fn record(&self, event: &Event) -> Result<(), StoreError>;

    /// Returns at most `limit` events that meet the filter, newest first.
    async fn events(&self, filter: &EventFilter, limit: u32) -> Result<Vec<KeptEvent>, StoreError>;

    /// Returns at most `limit` sealed batches after the number `after`, oldest first, all as they are at one moment.
    async fn batches(&self, after: i64, limit: u32) -> Result<Vec<Batch>, StoreError>;
}

/// Which events to return. An event must meet every part that is present; by default, all do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// The name of the caller.
    pub actor: Option<String>,
    /// The action.
    pub verb: Option<String>,
    /// The path of the object, or of what it is in: `proj1/capp1` for all intents of the app.
    pub object: Option<String>,
    /// How the call ended.
    pub outcome: Option<EventOutcome>,
    /// The earliest time.
    pub since: Option<Timestamp>,
    /// The time before which it was written.
    pub until: Option<Timestamp>,
    /// The last event of the previous page.
    pub after: Option<EventPlace>,
}

/// An event, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEvent {
    /// Its place among all events.
    pub place: EventPlace,
    /// The number of the sealed batch that it is in; `None` if it is not sealed yet.
    pub batch: Option<i64>,
    /// The event.
    pub event: Event,
}

/// The place of an event. As text: `time.number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPlace {
    /// When it was written, in microseconds since 1970.
    pub at: i64,
    /// Its number.
    pub number: i64,
}

impl fmt::Display for EventPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.number)
    }
}

impl FromStr for EventPlace {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "take it from the `Link` of the previous page";
        let (at, number) = text.split_once('.').ok_or(WRONG)?;
        Ok(Self { at: at.parse().map_err(|_| WRONG)?, number: number.parse().map_err(|_| WRONG)? })
    }
}
