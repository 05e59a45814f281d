//! Ten thousand who wait for the ends of a hundred runs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Effort, RUNS_WAITED_FOR};
use crate::report::Report;
use crate::scene::{DESCRIBED, Scene, status};
use crate::stub::Stub;

const OPEN_WITHIN: Duration = Duration::from_secs(60);

pub(super) async fn measure(report: &mut Report, scene: &Scene, stub: &Stub, effort: Effort) -> Result<()> {
    let bridge = &scene.bridge;
    let before = bridge.resident_kib()?;
    // Those of an idle worker of the bridge are no waits.
    let others = stub.held().await?;
    let mut waits = Vec::with_capacity(effort.waits);
    for wait in 0..effort.waits {
        let path = status(
            DESCRIBED,
            &format!("waitForResult=true&timeout=280&workflowID=run-{}", wait % RUNS_WAITED_FOR),
        );
        let mut stream =
            TcpStream::connect(("127.0.0.1", bridge.port)).await.context("no further wait can be opened")?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").as_bytes()).await?;
        waits.push(stream);
    }
    let since = Instant::now();
    while bridge.metric("bridge_open_waits").await? < effort.waits as f64
        || stub.held().await? < others + RUNS_WAITED_FOR
    {
        ensure!(
            since.elapsed() < OPEN_WITHIN,
            "only {} waits are open",
            bridge.metric("bridge_open_waits").await?
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    report.note("waiters", bridge.metric("bridge_open_waits").await?);
    report.note("waiter_kib", (bridge.resident_kib()? - before) / effort.waits as f64);
    report.note("polls", bridge.metric("bridge_long_polls").await?);
    drop(waits);
    Ok(())
}
