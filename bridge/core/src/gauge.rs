//! Gauges of callers who are being served for long.

use metrics::gauge;

/// The gauge of callers who wait for the end of a run.
pub const OPEN_WAITS: &str = "bridge_open_waits";
/// The gauge of callers who follow a workflow.
pub const OPEN_STREAMS: &str = "bridge_open_streams";

/// One more on a gauge, for as long as this lives.
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
