//! What rules see of runs on a real server, and the workflows that give them their turns.

mod monitor;
mod watch;

use std::sync::Arc;

use anyhow::Result;
use bridge_core::SystemClock;
use bridge_temporal::{Bounds, Servers, TemporalTargets, TemporalWatch};
use temporal::TemporalTarget;

use super::{BOUNDS, unique};

/// Creates the watch of an installation of its own on this server.
fn watch(server: &str) -> Result<(String, TemporalWatch)> {
    watch_with(server, BOUNDS)
}

/// Creates such a watch with these timeouts.
fn watch_with(server: &str, bounds: Bounds) -> Result<(String, TemporalWatch)> {
    let home = TemporalTarget::new(server, "default")?;
    let servers = Servers::new(TemporalTargets::only(home), Arc::new(SystemClock));
    let installation = unique("installation");
    let watch = TemporalWatch::new(servers, bounds, &installation);
    Ok((installation, watch))
}
