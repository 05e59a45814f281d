//! What deliveries and repeats work with.

use std::sync::Arc;

use bridge_core::Clock;
use bridge_core::ports::Store;

use crate::targets::Targets;

/// What deliveries and repeats work with. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) targets: Targets,
    pub(crate) clock: Arc<dyn Clock>,
}
