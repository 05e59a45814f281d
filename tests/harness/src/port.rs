//! Free TCP ports.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

use anyhow::Result;

/// Below the range from which kernels give ports to outgoing connections (32768 and up on Linux).
const FIRST: u16 = 15_000;
const COUNT: u16 = 17_000;
const ATTEMPTS: usize = 3;

/// Returns a port of 127.0.0.1 on which nothing listens, and a different one each time.
///
/// The kernel never uses it for an outgoing connection, so a server that was killed can be restarted on its port.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        // Random, so that test processes running at once do not all try the same port.
        let offset = RandomState::new().hash_one(()) % u64::from(COUNT);
        let port = FIRST + u16::try_from(offset).unwrap_or_default();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        let mut given = GIVEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if free && given.insert(port) {
            return port;
        }
    }
}

/// Calls `start` until it succeeds, at most three times: another process may take a free port before it is listened on.
pub(crate) async fn on_free_ports<T>(start: impl AsyncFn() -> Result<T>) -> Result<T> {
    for _ in 1..ATTEMPTS {
        if let Ok(started) = start().await {
            return Ok(started);
        }
    }
    start().await
}
