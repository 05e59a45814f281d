//! The sessions of browsers. They are kept in the database, so that a logout holds on every replica at once.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::model::Event;

/// Keeps sessions.
#[async_trait]
pub trait SessionStore: fmt::Debug + Send + Sync {
    /// Keeps a new session together with the event of its login. Deletes the sessions whose time has passed.
    async fn begin_session(&self, session: &NewSession, event: &Event) -> Result<(), StoreError>;

    /// Returns what was kept of a session that has not ended.
    async fn session(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Returns what was kept of a session that has not ended, to renew it. Until it is renewed, returns it to nobody
    /// else for `pause`, on whatever replica.
    async fn session_to_renew(&self, id: &str, pause: Duration) -> Result<Option<Vec<u8>>, StoreError>;

    /// Replaces what is kept of a session that has not ended.
    async fn renew_session(&self, id: &str, content: &[u8]) -> Result<(), StoreError>;

    /// Ends a session, together with the event of its logout. Returns whether it had not ended before.
    async fn end_session(&self, id: &str, event: &Event) -> Result<bool, StoreError>;
}

/// A session that begins.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its name in the database.
    pub id: String,
    /// What to keep of it. The database cannot read it.
    pub content: Vec<u8>,
    /// How long it may last.
    pub lasts: Duration,
}
