//! The Temporal servers, and the connections to them.

use std::sync::Arc;

use bridge_core::Clock;
use bridge_core::model::Target;
use bridge_core::ports::EngineError;
use temporal::{ConnectionSettings, TemporalConnection, TemporalConnections};

use crate::targets::TemporalTargets;

/// The Temporal servers, and one connection to each. Clones share them.
#[derive(Debug, Clone)]
pub struct Servers {
    connections: TemporalConnections,
    targets: Arc<TemporalTargets>,
    clock: Arc<dyn Clock>,
}

impl Servers {
    /// Creates the connections to the servers of these targets.
    #[must_use]
    pub fn new(targets: TemporalTargets, clock: Arc<dyn Clock>) -> Self {
        let connections = TemporalConnections::new(targets.default.clone(), ConnectionSettings::default());
        Self { connections, targets: Arc::new(targets), clock }
    }

    /// Returns the targets.
    #[must_use]
    pub fn targets(&self) -> &Arc<TemporalTargets> {
        &self.targets
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Returns the connection to a server. It is established at first use.
    pub(crate) fn connection(&self, target: &Target) -> Result<TemporalConnection, EngineError> {
        let found = self.targets.connected(target).map_err(|error| EngineError::InvalidArgument {
            engine: place(target),
            message: workflow_api::chain(&error),
        })?;
        self.connections
            .get(&found)
            .map_err(|error| EngineError::Unavailable { engine: place(target), source: Arc::new(error) })
    }
}

/// Returns the name of a server for people.
pub(crate) fn place(target: &Target) -> String {
    format!("Temporal at {target}")
}
