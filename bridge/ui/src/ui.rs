//! The state of the pages.

use std::sync::Arc;

use bridge_core::{App, Clock};
use url::Url;

/// The state of the pages: the use cases, and the operator's settings.
#[derive(Debug)]
pub struct Ui {
    /// The use cases.
    pub app: App,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Whether persons can log in with a browser.
    pub has_login: bool,
    /// The configured namespace, for links to Temporal's own UI.
    pub namespace: String,
    /// The URL of Temporal's own UI, if set.
    pub temporal_ui: Option<Url>,
}
