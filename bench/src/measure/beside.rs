//! The same work asked of Temporal itself and of our processes, in turn, so that what the machine does besides meets both.

use std::time::Duration;

use anyhow::Result;
use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;

use super::{Effort, IN_FLIGHT, describe, invoke};
use crate::load::{Call, Fleet, HttpCall, Load, RawDescribe, RawStart, Request};
use crate::report::Report;
use crate::scene::{DESCRIBED, Program, STARTED, Scene, start};

/// What the figures are called.
#[derive(Debug)]
pub(super) struct Names {
    raw_starts: &'static str,
    raw_describes: &'static str,
    invoke: &'static str,
    start: &'static str,
    status: &'static str,
    cpu: Cpu,
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
    cpu: Cpu { invoke: "invoke_beside_cpu_us", start: "start_beside_cpu_us", status: "status_beside_cpu_us" },
};

pub(super) const STUB: Names = Names {
    raw_starts: "raw_stub_starts_per_s",
    raw_describes: "raw_stub_describes_per_s",
    invoke: "invoke_vs_raw_stub",
    start: "start_vs_raw_stub",
    status: "status_vs_raw_stub",
    cpu: Cpu { invoke: "invoke_cpu_us", start: "start_cpu_us", status: "status_cpu_us" },
};

/// Everything that is asked, with as many connections on each side.
struct Sides<'a> {
    scene: &'a Scene,
    raw_start: Fleet<RawStart>,
    invoke: Fleet<HttpCall>,
    start: Fleet<HttpCall>,
    raw_describe: Fleet<RawDescribe>,
    status: Fleet<HttpCall>,
}

impl<'a> Sides<'a> {
    async fn connect(
        scene: &'a Scene,
        temporal: &str,
        asked: &StartWorkflowExecutionRequest,
    ) -> Result<Self> {
        let (bridge, client) = (scene.bridge.port, scene.client.port);
        Ok(Self {
            scene,
            raw_start: Fleet::starts(IN_FLIGHT, temporal, asked).await?,
            invoke: Fleet::http(IN_FLIGHT, client, &invoke()).await?,
            start: Fleet::http(IN_FLIGHT, bridge, &Request::post(start(STARTED), "")).await?,
            raw_describe: Fleet::describes(IN_FLIGHT, temporal, DESCRIBED).await?,
            status: Fleet::http(IN_FLIGHT, bridge, &describe()).await?,
        })
    }
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
