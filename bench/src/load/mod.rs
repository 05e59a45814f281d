//! Closed-loop load: so many calls in flight, each made when the one before it is answered.

mod grpc;
mod http;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;
use tokio::task::JoinSet;

pub(crate) use grpc::{RawDescribe, RawStart, channel};
pub(crate) use http::{HttpCall, Request, UUID};

/// One connection, and what is asked over it again and again.
pub(crate) trait Call: Send + 'static {
    /// Asks once. Anything but success is an error: a benchmark of failures would be none.
    fn call(&mut self) -> impl Future<Output = Result<()>> + Send;
}

/// What a time of load has shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) calls: u64,
    pub(crate) elapsed: Duration,
}

impl Load {
    pub(crate) fn per_second(&self) -> f64 {
        self.calls as f64 / self.elapsed.as_secs_f64()
    }
}

/// Connections that are loaded together.
pub(crate) struct Fleet<C> {
    connections: Vec<C>,
}

impl Fleet<HttpCall> {
    /// So many connections to this port.
    pub(crate) async fn http(size: usize, port: u16, request: &Request) -> Result<Self> {
        let mut connections = Vec::with_capacity(size);
        for _ in 0..size {
            connections.push(HttpCall::connect(port, request).await?);
        }
        Ok(Self { connections })
    }
}

impl Fleet<RawStart> {
    /// So many connections to this Temporal, which ask for this start.
    pub(crate) async fn starts(
        size: usize,
        address: &str,
        start: &StartWorkflowExecutionRequest,
    ) -> Result<Self> {
        let mut connections = Vec::with_capacity(size);
        for _ in 0..size {
            connections.push(RawStart::over(channel(address).await?, start));
        }
        Ok(Self { connections })
    }
}

impl Fleet<RawDescribe> {
    /// So many connections to this Temporal, which ask after this workflow.
    pub(crate) async fn describes(size: usize, address: &str, workflow_id: &str) -> Result<Self> {
        let mut connections = Vec::with_capacity(size);
        for _ in 0..size {
            connections.push(RawDescribe::over(channel(address).await?, workflow_id));
        }
        Ok(Self { connections })
    }
}

impl<C: Call> Fleet<C> {
    /// Calls over all connections at once, for as long as `time`.
    pub(crate) async fn load(&mut self, time: Duration) -> Result<Load> {
        let since = Instant::now();
        let end = since + time;
        // A task each: futures of one task would share its thread, and the load must not be the limit.
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
        Ok(Load { calls, elapsed: since.elapsed() })
    }

    /// How long one call takes, in milliseconds.
    pub(crate) async fn timed(&mut self) -> Result<f64> {
        let Some(connection) = self.connections.first_mut() else { bail!("a fleet without connections") };
        let since = Instant::now();
        connection.call().await?;
        Ok(since.elapsed().as_secs_f64() * 1e3)
    }
}
