//! Ten thousand callers that wait for the ends of a hundred runs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::effort::{RUNS_WAITED_FOR, WAITS};
use crate::figures::Figures;
use crate::scene::{Scene, status_path};

const OPEN_WITHIN: Duration = Duration::from_secs(60);

pub(super) async fn measure(figures: &mut Figures, scene: &Scene) -> Result<()> {
    let bridge = &scene.bridge;
    let before = bridge.resident_kib()?;
    let mut waits = Vec::with_capacity(WAITS);
    for wait in 0..WAITS {
        let run = wait % RUNS_WAITED_FOR;
        let path = status_path(&format!("waitForResult=true&timeout=280&workflowID=run-{run}"));
        // Plain connections: so many HTTP clients would take more memory than the bridge.
        let mut stream =
            TcpStream::connect(("127.0.0.1", bridge.port)).await.context("no further wait can be opened")?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").as_bytes()).await?;
        waits.push(stream);
    }
    let since = Instant::now();
    let (mut open, mut polls) = (0.0, 0.0);
    while open < WAITS as f64 || polls < RUNS_WAITED_FOR as f64 {
        ensure!(since.elapsed() < OPEN_WITHIN, "only {open} waits and {polls} polls are open");
        sleep(Duration::from_millis(50)).await;
        (open, polls) =
            (bridge.metric("bridge_open_waits").await?, bridge.metric("bridge_long_polls").await?);
    }
    figures.note("waiter_kib", (bridge.resident_kib()? - before) / WAITS as f64);
    figures.note("polls", polls);
    Ok(())
}
