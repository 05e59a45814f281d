//! What is measured, and what it must reach.

mod beside;
mod generator;
mod history;
mod processes;
mod singles;
mod sustained;
mod waits;
mod wire;

use std::time::Duration;

use anyhow::Result;
use harness::TemporalOptions;

pub(crate) use self::sustained::{Work, sustained};
use crate::load::{Request, UUID};
use crate::payload;
use crate::report::{Bound, Report};
use crate::scene::{DESCRIBED, Programs, Scene, status};
use crate::stub::{Stub, start_asked_by};

/// How thoroughly to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// How often each figure is taken.
    rounds: usize,
    /// How long one side is loaded in one round.
    slice: Duration,
    /// How many calls of each kind are timed one after the other in one round.
    timed: usize,
    waits: usize,
}

/// Figures that tell something.
pub(crate) const FULL: Effort =
    Effort { rounds: 7, slice: Duration::from_millis(2500), timed: 200, waits: 10_000 };
/// In less than a minute.
pub(crate) const QUICK: Effort =
    Effort { rounds: 3, slice: Duration::from_millis(700), timed: 100, waits: 10_000 };

const IN_FLIGHT: usize = 64;
const RUNS_WAITED_FOR: usize = 100;
/// Temporal refuses longer histories.
const LONGEST_HISTORY: usize = 51_200;

/// What each figure must reach on two cores.
pub(crate) const BOUNDS: [(&str, Bound); 28] = [
    ("invoke_vs_raw_throughput", Bound::AtLeast(0.9)),
    ("invoke_added_p50_ms", Bound::AtMost(0.3)),
    ("invoke_added_p99_ms", Bound::AtMost(2.0)),
    ("start_vs_raw_throughput", Bound::AtLeast(0.8)),
    ("start_added_p50_ms", Bound::AtMost(1.5)),
    ("status_vs_raw_throughput", Bound::AtLeast(0.9)),
    ("invoke_vs_raw_stub", Bound::AtLeast(0.5)),
    ("status_vs_raw_stub", Bound::AtLeast(0.5)),
    ("invoke_cpu_us", Bound::AtMost(150.0)),
    ("start_cpu_us", Bound::AtMost(500.0)),
    ("status_cpu_us", Bound::AtMost(150.0)),
    ("waiters", Bound::AtLeast(10_000.0)),
    ("waiter_kib", Bound::AtMost(32.0)),
    ("polls", Bound::AtMost(100.0)),
    ("bridge_idle_rss_mib", Bound::AtMost(20.0)),
    ("client_idle_rss_mib", Bound::AtMost(12.0)),
    ("worker_idle_rss_mib", Bound::AtMost(24.0)),
    ("bridge_ready_ms", Bound::AtMost(100.0)),
    ("client_ready_ms", Bound::AtMost(100.0)),
    ("bridge_binary_mib", Bound::AtMost(60.0)),
    ("client_binary_mib", Bound::AtMost(60.0)),
    ("worker_binary_mib", Bound::AtMost(60.0)),
    ("history_first_page_ms", Bound::AtMost(100.0)),
    ("history_first_page_mib", Bound::AtMost(8.0)),
    ("history_stream_mib", Bound::AtMost(64.0)),
    ("intent_decode_us", Bound::AtMost(10.0)),
    ("invoke_encode_us", Bound::AtMost(3.0)),
    ("generator_vs_invoke_stub", Bound::AtLeast(2.0)),
];

/// Measures everything, and tells what it is doing.
pub(crate) async fn all(programs: &Programs, effort: Effort) -> Result<Report> {
    let mut report = Report::default();
    // The raw side asks for nothing else than ours does.
    let asked = start_asked_by(programs, &invoke()).await?;
    eprintln!("== against the Temporal dev server");
    let temporal = TemporalOptions { in_memory: true, ..TemporalOptions::default() }.start().await?;
    processes::measure(&mut report, programs, temporal.address(), effort).await?;
    // Before any load: a server works for long on what it took meanwhile.
    singles::measure(&mut report, &singles::SERVER, programs, temporal.address(), &asked, effort).await?;
    {
        let scene = Scene::start(programs, temporal.address()).await?;
        beside::measure(&mut report, &beside::SERVER, &scene, temporal.address(), &asked, effort).await?;
    }
    drop(temporal);

    eprintln!("== against a frontend that answers at once");
    let stub = Stub::start(LONGEST_HISTORY).await?;
    singles::measure(&mut report, &singles::STUB, programs, &stub.address, &asked, effort).await?;
    {
        let scene = Scene::start(programs, &stub.address).await?;
        history::measure(&mut report, &scene, effort).await?;
        beside::measure(&mut report, &beside::STUB, &scene, &stub.address, &asked, effort).await?;
    }
    generator::measure(&mut report, effort).await?;
    let scene = Scene::start(programs, &stub.address).await?;
    waits::measure(&mut report, &scene, &stub, effort).await?;
    wire::measure(&mut report, effort)?;
    Ok(report)
}

/// A start asked of a client, each of a workflow of its own.
fn invoke() -> Request {
    let invocation = payload::invocation(&payload::workflow_id(UUID));
    Request::post("/invoke/migrate_workflowclient", &invocation.to_string())
}

/// How a workflow stands, asked of a bridge.
fn describe() -> Request {
    Request::get(status(DESCRIBED, "runDescribeWfExec=true"))
}
