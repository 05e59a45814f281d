//! What the handlers work with.

use std::sync::Arc;

use bridge_core::{App, Clock};
use url::Url;

use crate::wire::success::SuccessRules;

/// What the handlers work with: the use cases, and what the operator sets of the API.
#[derive(Debug)]
pub struct Api {
    /// The use cases.
    pub app: App,
    /// The time of a request.
    pub clock: Arc<dyn Clock>,
    /// The configured namespace, for links to Temporal's own UI.
    pub namespace: String,
    /// The address of Temporal's own UI, where there is one.
    pub temporal_ui: Option<Url>,
    /// Which callers get another status than 204 for a start that succeeded.
    pub success_status: SuccessRules,
}
