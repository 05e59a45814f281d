//! EMCO, which knows the deployment intent groups.

use async_trait::async_trait;

use crate::model::DigKey;

/// Checks that deployment intent groups exist.
#[async_trait]
pub trait Parents: std::fmt::Debug + Send + Sync {
    /// Checks that a group exists. Where no EMCO is configured, every group does.
    ///
    /// # Errors
    /// When it does not, or EMCO cannot be asked.
    async fn check(&self, dig: &DigKey) -> Result<(), ParentError>;
}

/// Why an intent cannot be created in a group.
#[derive(Debug, thiserror::Error)]
pub enum ParentError {
    /// EMCO knows no such group.
    #[error("EMCO knows no deployment intent group `{0}`; create it first")]
    NoSuchGroup(DigKey),
    /// EMCO does not answer now.
    #[error("EMCO cannot be asked now whether deployment intent group `{0}` exists")]
    Unavailable(DigKey, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// EMCO refuses to answer, or is not EMCO.
    #[error("EMCO does not answer whether deployment intent group `{0}` exists")]
    Refused(DigKey, #[source] Box<dyn std::error::Error + Send + Sync>),
}
