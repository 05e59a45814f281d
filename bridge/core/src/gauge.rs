//! Gauges of long-lasting calls.

use metrics::gauge;

/// The gauge of callers that wait for the end of a run.
pub const OPEN_WAITS: &str = "bridge_open_waits";
/// The gauge of callers that follow a workflow.
pub const OPEN_STREAMS: &str = "bridge_open_streams";

/// Adds one to a gauge until it is dropped.
pub(crate) struct Counted(&'static str);

impl Counted {
    pub(crate) fn one(name: &'static str) -> Self {
        gauge!(name).increment(1.0);
        Self(name)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1.0);
    }
}
