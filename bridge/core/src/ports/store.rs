//! The database.

use async_trait::async_trait;

use super::{
    AlarmStore, Audit, DeliveryStore, DocumentStore, IntentStore, RuleStore, SearchStore, SessionStore,
    StartStore, StoreError,
};

/// The storage of the bridge. A missing item is not an error: lookups return `None`.
#[async_trait]
pub trait Store:
    AlarmStore
    + Audit
    + DeliveryStore
    + DocumentStore
    + IntentStore
    + RuleStore
    + SearchStore
    + SessionStore
    + StartStore
    + std::fmt::Debug
    + Send
    + Sync
{
    /// Checks that the database responds.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Returns the ID of the database, which is another one for each.
    async fn installation(&self) -> Result<String, StoreError>;

    /// Returns the state of its connection pools.
    fn pools(&self) -> Vec<PoolState>;

    /// Closes the database.
    async fn close(&self);
}

/// The state of a connection pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// The name of the pool.
    pub name: &'static str,
    /// The number of connections in use.
    pub busy: usize,
    /// The number of idle connections.
    pub idle: usize,
}
