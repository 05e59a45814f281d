//! The connections of a process: one per server, at most so many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::connect::{ConnectCause, ConnectError, ConnectionSettings};
use super::connection::TemporalConnection;
use super::target::{ServerTarget, TemporalTarget};

/// Maximum number of other servers with a connection.
const MOST: usize = 64;

/// One connection per server, established when it is needed, and closed when idle. The configured server
/// always has its connection; of the others, the least recently used one is closed for a new one. Clones
/// share the connections.
#[derive(Debug, Clone)]
pub struct TemporalConnections {
    home: TemporalConnection,
    settings: ConnectionSettings,
    others: Arc<Mutex<HashMap<Arc<ServerTarget>, Other>>>,
}

#[derive(Debug)]
struct Other {
    connection: TemporalConnection,
    used: Instant,
}

impl TemporalConnections {
    /// Creates the connections of a process whose configured server is `home`.
    pub fn new(home: TemporalTarget, settings: ConnectionSettings) -> Self {
        let home = TemporalConnection::with_settings(home, settings.clone());
        Self { home, settings, others: Arc::default() }
    }

    /// Returns the connection to `target`.
    ///
    /// # Errors
    /// Returns an error if the connections to too many other servers are in use.
    pub fn get(&self, target: &TemporalTarget) -> Result<TemporalConnection, ConnectError> {
        let (server, namespace) = (&target.server, target.namespace());
        if *server == self.home.target().server {
            return Ok(self.home.clone().with_namespace(namespace));
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if !others.contains_key(server) && others.len() >= MOST {
            let idle = others.iter().filter(|(_, other)| !other.connection.is_in_use());
            let oldest = idle.min_by_key(|(_, other)| other.used).map(|(server, _)| Arc::clone(server));
            let Some(oldest) = oldest else {
                return Err(ConnectError { address: target.address(), cause: ConnectCause::TooMany(MOST) });
            };
            others.remove(&oldest);
        }
        let other = others.entry(Arc::clone(server)).or_insert_with(|| Other {
            connection: TemporalConnection::with_settings(target.clone(), self.settings.clone()),
            used: Instant::now(),
        });
        other.used = Instant::now();
        Ok(other.connection.clone().with_namespace(namespace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(address: &str) -> TemporalTarget {
        TemporalTarget::new(address, "default").unwrap()
    }

    fn connections() -> TemporalConnections {
        TemporalConnections::new(target("home:7233"), ConnectionSettings::default())
    }

    #[test]
    fn equal_servers_share_a_connection_whatever_the_namespace() {
        let connections = connections();
        for server in ["home:7233", "one:7233"] {
            let first = connections.get(&target(server)).unwrap();
            assert!(first.is_same(&connections.get(&target(&format!("http://{server}"))).unwrap()));
            let other = connections.get(&target(server).with_namespace("other")).unwrap();
            assert!(first.is_same(&other));
            assert_eq!((first.target().namespace(), other.target().namespace()), ("default", "other"));
        }
        assert!(!connections.get(&target("one:7233")).unwrap().is_same(&connections.home));
    }

    #[test]
    fn the_least_recently_used_idle_server_makes_room() {
        let connections = connections();
        let number = |number: usize| target(&format!("host-{number}:7233"));
        let held = connections.get(&number(0)).unwrap();
        for other in 1..MOST {
            connections.get(&number(other)).unwrap();
        }
        connections.get(&number(1)).unwrap();
        connections.get(&number(MOST)).unwrap();
        let others = connections.others.lock().unwrap();
        assert_eq!(others.len(), MOST);
        let has = |of: usize| others.contains_key(&number(of).server);
        assert_eq!([0, 1, 2, MOST].map(has), [true, true, false, true]);
        assert!(held.is_same(&others[&number(0).server].connection));
    }

    #[test]
    fn connections_in_use_are_limited_but_never_that_to_the_configured_server() {
        let connections = connections();
        let of = |number: usize| connections.get(&target(&format!("host-{number}:7233")));
        let mut held: Vec<_> = (0..MOST).map(|number| of(number).unwrap()).collect();
        let error = of(MOST).unwrap_err();
        assert_eq!(crate::TemporalFault::from(error).kind(), crate::FaultKind::Busy);
        connections.get(&target("home:7233").with_namespace("other")).unwrap();
        held.pop();
        of(MOST).unwrap();
    }
}
