//! The same work asked of Temporal itself and of our processes, in turn, so that what the machine does besides meets both.

use std::time::Duration;

use anyhow::Result;
use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;
use tokio::time::sleep;

use super::{Effort, IN_FLIGHT};
use crate::load::{Call, Fleet, HttpCall, Load, RawDescribe, RawStart, Request, UUID};
use crate::payload;
use crate::relay::Relay;
use crate::report::{Report, quantile};
use crate::scene::{DESCRIBED, Program, STARTED, Scene, start, status};

/// So many calls of each side come before what is measured.
const WARM_UP: usize = 50;

/// What the figures are called.
#[derive(Debug)]
pub(super) struct Names {
    raw_starts: &'static str,
    raw_describes: &'static str,
    invoke: &'static str,
    start: &'static str,
    status: &'static str,
    added: &'static [Added],
    cpu: Cpu,
}

/// Of single calls, one after the other: half of them are as quick as the first of two figures, 99 of 100 as the second.
#[derive(Debug)]
struct Added {
    /// How long the machine rests before each: a server works on after it has answered.
    rest: Duration,
    raw: [&'static str; 2],
    hop: [&'static str; 2],
    invoke: [&'static str; 2],
    start: [&'static str; 2],
}

/// Processor time of our processes for one call.
#[derive(Debug)]
struct Cpu {
    invoke: &'static str,
    start: &'static str,
    status: &'static str,
}

pub(super) const SERVER: Names = Names {
    raw_starts: "raw_starts_per_s",
    raw_describes: "raw_describes_per_s",
    invoke: "invoke_vs_raw_throughput",
    start: "start_vs_raw_throughput",
    status: "status_vs_raw_throughput",
    added: &[
        Added {
            rest: Duration::ZERO,
            raw: ["raw_start_p50_ms", "raw_start_p99_ms"],
            hop: ["hop_added_p50_ms", "hop_added_p99_ms"],
            invoke: ["invoke_added_p50_ms", "invoke_added_p99_ms"],
            start: ["start_added_p50_ms", "start_added_p99_ms"],
        },
        Added {
            rest: Duration::from_millis(20),
            raw: ["raw_start_rested_p50_ms", "raw_start_rested_p99_ms"],
            hop: ["hop_added_rested_p50_ms", "hop_added_rested_p99_ms"],
            invoke: ["invoke_added_rested_p50_ms", "invoke_added_rested_p99_ms"],
            start: ["start_added_rested_p50_ms", "start_added_rested_p99_ms"],
        },
    ],
    cpu: Cpu { invoke: "invoke_beside_cpu_us", start: "start_beside_cpu_us", status: "status_beside_cpu_us" },
};

pub(super) const STUB: Names = Names {
    raw_starts: "raw_stub_starts_per_s",
    raw_describes: "raw_stub_describes_per_s",
    invoke: "invoke_vs_raw_stub",
    start: "start_vs_raw_stub",
    status: "status_vs_raw_stub",
    added: &[Added {
        rest: Duration::ZERO,
        raw: ["raw_stub_start_p50_ms", "raw_stub_start_p99_ms"],
        hop: ["hop_added_stub_p50_ms", "hop_added_stub_p99_ms"],
        invoke: ["invoke_added_stub_p50_ms", "invoke_added_stub_p99_ms"],
        start: ["start_added_stub_p50_ms", "start_added_stub_p99_ms"],
    }],
    cpu: Cpu { invoke: "invoke_cpu_us", start: "start_cpu_us", status: "status_cpu_us" },
};

/// Everything that is asked, with as many connections on each side.
struct Sides<'a> {
    scene: &'a Scene,
    raw_start: Fleet<RawStart>,
    /// The same by way of a relay.
    hop: Fleet<RawStart>,
    _relay: Relay,
    invoke: Fleet<HttpCall>,
    start: Fleet<HttpCall>,
    raw_describe: Fleet<RawDescribe>,
    status: Fleet<HttpCall>,
}

/// Whom a single call goes to.
#[derive(Clone, Copy)]
enum Side {
    Raw,
    Hop,
    Invoke,
    Start,
}

impl<'a> Sides<'a> {
    async fn connect(
        scene: &'a Scene,
        temporal: &str,
        asked: &StartWorkflowExecutionRequest,
    ) -> Result<Self> {
        let (bridge, client) = (scene.bridge.port, scene.client.port);
        let relay = Relay::start(temporal).await?;
        Ok(Self {
            scene,
            hop: Fleet::starts(1, &relay.address.to_string(), asked).await?,
            _relay: relay,
            raw_start: Fleet::starts(IN_FLIGHT, temporal, asked).await?,
            invoke: Fleet::http(IN_FLIGHT, client, &invoke()).await?,
            start: Fleet::http(IN_FLIGHT, bridge, &Request::post(start(STARTED), "")).await?,
            raw_describe: Fleet::describes(IN_FLIGHT, temporal, DESCRIBED).await?,
            status: Fleet::http(IN_FLIGHT, bridge, &describe()).await?,
        })
    }
}

/// A start asked of a client, each of a workflow of its own.
pub(super) fn invoke() -> Request {
    let invocation = payload::invocation(&payload::workflow_id(UUID));
    Request::post("/invoke/migrate_workflowclient", &invocation.to_string())
}

/// How a workflow stands, asked of a bridge.
pub(super) fn describe() -> Request {
    Request::get(status(DESCRIBED, "runDescribeWfExec=true"))
}

pub(super) async fn measure(
    report: &mut Report,
    names: &Names,
    scene: &Scene,
    temporal: &str,
    asked: &StartWorkflowExecutionRequest,
    effort: Effort,
) -> Result<()> {
    let mut sides = Sides::connect(scene, temporal, asked).await?;
    // Connections, caches and code pages of the first calls are nobody's cost.
    Times::default().take(&mut sides, Duration::ZERO, WARM_UP).await?;
    // Before any load: a server works for long on what it took meanwhile.
    for added in names.added {
        eprintln!("   single calls{}", if added.rest.is_zero() { "" } else { ", rested" });
        // As many calls as fit into a like time.
        let times = if added.rest.is_zero() { effort.timed } else { effort.timed / 6 };
        singles(report, added, &mut sides, effort.rounds, times).await?;
    }
    round(&mut Report::default(), names, &mut sides, effort.slice / 4).await?;
    for number in 1..=effort.rounds {
        eprintln!("   round {number} of {}", effort.rounds);
        round(report, names, &mut sides, effort.slice).await?;
    }
    Ok(())
}

async fn round(report: &mut Report, names: &Names, sides: &mut Sides<'_>, slice: Duration) -> Result<()> {
    let Scene { bridge, client, .. } = sides.scene;
    // Temporal's own figure on both sides of each of ours: it gets slower the more it holds, and works on after each load.
    let before = sides.raw_start.load(slice / 2).await?.per_second();
    let (invoke, invoke_us) = load(&mut sides.invoke, slice, &[client]).await?;
    let between = sides.raw_start.load(slice / 2).await?.per_second();
    let (start, start_us) = load(&mut sides.start, slice, &[bridge, client]).await?;
    let after = sides.raw_start.load(slice / 2).await?.per_second();
    report.note(names.raw_starts, (before + between + after) / 3.0);
    report.note(names.invoke, invoke.per_second() / f64::midpoint(before, between));
    report.note(names.start, start.per_second() / f64::midpoint(between, after));

    let before = sides.raw_describe.load(slice / 2).await?;
    let (status, status_us) = load(&mut sides.status, slice, &[bridge]).await?;
    let after = sides.raw_describe.load(slice / 2).await?;
    let raw = (before.per_second() + after.per_second()) / 2.0;
    report.note(names.raw_describes, raw);
    report.note(names.status, status.per_second() / raw);
    report.note(names.cpu.invoke, invoke_us);
    report.note(names.cpu.start, start_us);
    report.note(names.cpu.status, status_us);
    Ok(())
}

/// A load, and the processor time of these programs for each call, in microseconds.
pub(super) async fn load<C: Call>(
    fleet: &mut Fleet<C>,
    slice: Duration,
    programs: &[&Program],
) -> Result<(Load, f64)> {
    let cpu = || programs.iter().map(|program| program.cpu_us()).sum::<Result<f64>>();
    let before = cpu()?;
    let load = fleet.load(slice).await?;
    let used = cpu()? - before;
    Ok((load, used / load.calls as f64))
}

/// Single calls, one after the other, in rounds of so many of each side.
async fn singles(
    report: &mut Report,
    names: &Added,
    sides: &mut Sides<'_>,
    rounds: usize,
    times: usize,
) -> Result<()> {
    let mut all = Times::default();
    for _ in 0..rounds {
        let mut round = Times::default();
        round.take(sides, names.rest, times).await?;
        round.figures(names, |name, value| report.note(name, value));
        all.0.iter_mut().zip(round.0).for_each(|(all, round)| all.extend(round));
    }
    all.figures(names, |name, value| report.note_of_all(name, value));
    Ok(())
}

/// How long single calls took, in milliseconds, by [`Side`].
#[derive(Debug, Default)]
struct Times([Vec<f64>; 4]);

impl Times {
    /// Calls each side so often, the sides in turn, each time in another order: a server works on after it has answered, so that the one
    /// before counts.
    async fn take(&mut self, sides: &mut Sides<'_>, rest: Duration, times: usize) -> Result<()> {
        let mut order = [Side::Raw, Side::Hop, Side::Invoke, Side::Start];
        for _ in 0..times {
            fastrand::shuffle(&mut order);
            for side in order {
                sleep(rest).await;
                let time = match side {
                    Side::Raw => sides.raw_start.timed().await?,
                    Side::Hop => sides.hop.timed().await?,
                    Side::Invoke => sides.invoke.timed().await?,
                    Side::Start => sides.start.timed().await?,
                };
                self.0[side as usize].push(time);
            }
        }
        Ok(())
    }

    /// What half of the calls took at most, and 99 of 100: those of the raw side, and what the others took more.
    fn figures(&mut self, names: &Added, mut note: impl FnMut(&'static str, f64)) {
        self.0.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
        let [raw, hop, invoke, start] = &self.0;
        for (at, share) in [0.5, 0.99].into_iter().enumerate() {
            let of_raw = quantile(raw, share);
            note(names.raw[at], of_raw);
            for (names, times) in [(names.hop, hop), (names.invoke, invoke), (names.start, start)] {
                note(names[at], quantile(times, share) - of_raw);
            }
        }
    }
}
