//! Searches over all groups.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::model::{IntentKey, KeptIntent, StartId, StartRecord};

/// Finds intents and starts of all groups.
#[async_trait]
pub trait SearchStore {
    /// Returns at most `limit` intents that exist, of a project or of all, whose names have this text in any case
    /// (empty: all), and whose paths come after that of `after`. They are ordered by the bytes of their names.
    async fn search_intents(
        &self,
        project: Option<&str>,
        text: &str,
        after: Option<&IntentKey>,
        limit: u32,
    ) -> Result<Vec<FoundIntent>, StoreError>;

    /// Returns at most `limit` starts, of a project or of all, newest first, and only those with IDs below `before`, if
    /// given. With `open`, only those that have, or may have, led to a workflow of their own whose end is not known.
    async fn search_starts(
        &self,
        project: Option<&str>,
        open: bool,
        before: Option<StartId>,
        limit: u32,
    ) -> Result<Vec<StartRecord>, StoreError>;
}

/// An intent that a search has found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundIntent {
    /// Its key.
    pub key: IntentKey,
    /// The intent, and its revision number.
    pub kept: KeptIntent,
    /// When it was last changed.
    pub changed_at: Timestamp,
}
