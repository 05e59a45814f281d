//! EMCO, which has the deployment intent groups.

use async_trait::async_trait;

use crate::model::DigKey;

/// Checks that deployment intent groups exist.
#[async_trait]
pub trait Parents: std::fmt::Debug + Send + Sync {
    /// Checks that a group exists. If no EMCO is configured, every group exists.
    ///
    /// # Errors
    /// Returns an error if it does not exist, or if EMCO cannot be asked.
    async fn check(&self, dig: &DigKey) -> Result<(), ParentError>;
}

/// Why an intent cannot be created in a group.
#[derive(Debug, thiserror::Error)]
pub enum ParentError {
    /// The group does not exist in EMCO.
    #[error("EMCO has no deployment intent group `{0}`; create it first")]
    NoSuchGroup(DigKey),
    /// EMCO does not respond now.
    #[error("EMCO cannot be reached, so it is not known whether deployment intent group `{0}` exists")]
    Unavailable(DigKey, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// EMCO rejects the query, or the server is not EMCO.
    #[error("EMCO rejects the query for deployment intent group `{0}`")]
    Refused(DigKey, #[source] Box<dyn std::error::Error + Send + Sync>),
}
