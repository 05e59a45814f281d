//! The connections of a process: one per target.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::connect::ConnectionSettings;
use super::connection::TemporalConnection;
use super::target::TemporalTarget;

/// One connection per target, established when it is needed, and closed when idle. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct TemporalConnections {
    settings: ConnectionSettings,
    connections: Arc<Mutex<HashMap<TemporalTarget, TemporalConnection>>>,
}

impl TemporalConnections {
    /// Creates connections with these settings.
    pub fn new(settings: ConnectionSettings) -> Self {
        Self { settings, connections: Arc::default() }
    }

    /// Returns the connection to `target`.
    pub fn get(&self, target: &TemporalTarget) -> TemporalConnection {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = connections.get(target) {
            return connection.clone();
        }
        // Callers may name targets; unused ones must not pile up.
        connections.retain(|_, connection| !connection.is_spare());
        let connection = TemporalConnection::with_settings(target.clone(), self.settings.clone());
        connections.insert(target.clone(), connection.clone());
        connection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(address: &str) -> TemporalTarget {
        TemporalTarget::new(address, "default").unwrap()
    }

    #[test]
    fn equal_targets_share_a_connection() {
        let connections = TemporalConnections::default();
        let first = connections.get(&target("one:7233"));
        let other = connections.get(&target("one:7233").with_namespace("other"));
        assert!(first.is_same(&connections.get(&target("http://one:7233"))));
        assert!(!first.is_same(&other));
    }

    #[test]
    fn targets_out_of_use_are_forgotten() {
        let connections = TemporalConnections::default();
        let kept = connections.get(&target("kept:7233"));
        for number in 0..10 {
            connections.get(&target(&format!("host-{number}:7233")));
        }
        // The kept one, and the last: nothing came after it.
        assert_eq!(connections.connections.lock().unwrap().len(), 2);
        assert!(kept.is_same(&connections.get(&target("kept:7233"))));
    }
}
