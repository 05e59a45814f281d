//! The state of the handlers.

use std::sync::Arc;

use bridge_core::{App, Clock};
use url::Url;

use crate::wire::success::SuccessRules;

/// The state of the handlers: the use cases, and the operator's settings of the API.
#[derive(Debug)]
pub struct Api {
    /// The use cases.
    pub app: App,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The configured namespace, for links to Temporal's own UI.
    pub namespace: String,
    /// The URL of Temporal's own UI, if set.
    pub temporal_ui: Option<Url>,
    /// Rules for the callers that get another status than 204 for a successful start.
    pub success_status: SuccessRules,
}
