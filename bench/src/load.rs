//! Closed-loop load: a fixed number of calls in flight, each made when the response to the one before has arrived.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::task::JoinSet;

/// A connection, and the call that is made over it again and again.
pub(crate) trait Call: Send + 'static {
    /// Makes the call once. Any response but success is an error, since figures of failures would mean nothing.
    fn call(&mut self) -> impl Future<Output = Result<()>> + Send;
}

/// Connections that are loaded together.
pub(crate) struct Fleet<C> {
    connections: Vec<C>,
}

impl<C: Call> Fleet<C> {
    /// Opens `size` connections.
    pub(crate) async fn connect(size: usize, connect: impl AsyncFn() -> Result<C>) -> Result<Self> {
        let mut connections = Vec::with_capacity(size);
        for _ in 0..size {
            connections.push(connect().await?);
        }
        Ok(Self { connections })
    }

    /// Makes calls over all connections for this time, and returns the number of responses, in all and for each second.
    pub(crate) async fn load(&mut self, time: Duration) -> Result<(u64, f64)> {
        let since = Instant::now();
        let end = since + time;
        // Each in its own task: the futures of one task would share its thread, and the load must not be the limit.
        let mut tasks = JoinSet::new();
        for mut connection in self.connections.drain(..) {
            tasks.spawn(async move {
                let mut calls = 0;
                while Instant::now() < end {
                    connection.call().await?;
                    calls += 1;
                }
                anyhow::Ok((connection, calls))
            });
        }
        let mut calls = 0;
        while let Some(done) = tasks.join_next().await {
            let (connection, count): (C, u64) = done??;
            self.connections.push(connection);
            calls += count;
        }
        Ok((calls, calls as f64 / since.elapsed().as_secs_f64()))
    }

    /// Makes one call, and returns how long it took, in milliseconds.
    pub(crate) async fn timed(&mut self) -> Result<f64> {
        let connection = self.connections.first_mut().context("a fleet without connections")?;
        let since = Instant::now();
        connection.call().await?;
        Ok(since.elapsed().as_secs_f64() * 1e3)
    }
}
