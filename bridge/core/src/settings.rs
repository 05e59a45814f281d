//! The use case about the settings of the bridge.

use std::sync::Arc;

use crate::access::{Action, Refused, Resource};
use crate::model::Running;
use crate::parts::Parts;
use crate::request::Request;

/// The use case about the settings of the bridge.
#[derive(Debug, Clone)]
pub struct Settings {
    parts: Parts,
}

impl Settings {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts }
    }

    /// Returns what the bridge runs as.
    ///
    /// # Errors
    /// Returns an error if the caller is not permitted to do this, or if a read cannot be recorded.
    pub async fn read(&self, request: &Request) -> Result<Arc<Running>, Refused> {
        self.parts.access.authorize(request, Action::ReadSettings, Resource::Bridge).await?;
        Ok(Arc::clone(&self.parts.running))
    }
}
