//! Calls to Temporal itself and to our processes in turn, so that other work of the machine slows both down.

use std::time::Duration;

use anyhow::Result;

use crate::effort::{Effort, IN_FLIGHT};
use crate::figures::Figures;
use crate::http::HttpCall;
use crate::load::{Call, Fleet};
use crate::raw::{RawDescribe, RawStart};
use crate::scene::{DESCRIBED, Program, Programs, STATUS, Scene, Secure};

/// Our side of each comparison.
struct Ours {
    invoke: Fleet<HttpCall>,
    start: Fleet<HttpCall>,
    status: Fleet<HttpCall>,
}

/// The same status, at a bridge that accepts tokens of an issuer and has rights.
struct Secured {
    _bridge: Secure,
    status: Fleet<HttpCall>,
}

impl Secured {
    async fn connect(scene: &Scene, programs: &Programs, temporal: &str) -> Result<Self> {
        let bridge = Secure::start(programs, temporal, scene.client.port).await?;
        let status = Fleet::connect(IN_FLIGHT, async || bridge.status(STATUS).await).await?;
        Ok(Self { _bridge: bridge, status })
    }
}

impl Ours {
    async fn connect(scene: &Scene) -> Result<Self> {
        Ok(Self {
            invoke: Fleet::connect(IN_FLIGHT, async || scene.invoke().await).await?,
            start: Fleet::connect(IN_FLIGHT, async || scene.start_intent().await).await?,
            status: Fleet::connect(IN_FLIGHT, async || scene.status(STATUS).await).await?,
        })
    }
}

/// Measures calls for each second, as a share of Temporal's own.
pub(super) async fn throughput(
    figures: &mut Figures,
    scene: &Scene,
    programs: &Programs,
    temporal: &str,
    effort: Effort,
) -> Result<()> {
    let mut ours = Ours::connect(scene).await?;
    let mut secured = Secured::connect(scene, programs, temporal).await?;
    let mut starts = Fleet::connect(IN_FLIGHT, async || RawStart::connect(temporal).await).await?;
    let mut describes =
        Fleet::connect(IN_FLIGHT, async || RawDescribe::connect(temporal, DESCRIBED).await).await?;
    for round in 0..=effort.rounds {
        // The first round fills connections and caches: it is shorter and not counted.
        let slice = if round == 0 { effort.slice / 4 } else { effort.slice };
        let ratios = [
            ("invoke_vs_raw_throughput", ratio(&mut ours.invoke, &mut starts, slice).await?),
            ("start_vs_raw_throughput", ratio(&mut ours.start, &mut starts, slice).await?),
            ("status_vs_raw_throughput", ratio(&mut ours.status, &mut describes, slice).await?),
            ("status_with_token_vs_raw_throughput", ratio(&mut secured.status, &mut describes, slice).await?),
        ];
        if round > 0 {
            eprintln!("   round {round} of {}", effort.rounds);
            ratios.into_iter().for_each(|(name, ratio)| figures.note(name, ratio));
        }
    }
    Ok(())
}

/// Temporal's own throughput is measured before and after ours: it gets slower with each workflow, and keeps
/// working after each load.
async fn ratio<C: Call>(ours: &mut Fleet<HttpCall>, raw: &mut Fleet<C>, slice: Duration) -> Result<f64> {
    let (_, before) = raw.load(slice / 2).await?;
    let (_, reached) = ours.load(slice).await?;
    let (_, after) = raw.load(slice / 2).await?;
    Ok(reached / f64::midpoint(before, after))
}

/// Measures the processor time that our processes take for each call.
pub(super) async fn processor_time(figures: &mut Figures, scene: &Scene, effort: Effort) -> Result<()> {
    let Scene { bridge, client, .. } = scene;
    let mut ours = Ours::connect(scene).await?;
    for round in 0..=effort.rounds {
        let slice = if round == 0 { effort.slice / 4 } else { effort.slice };
        let times = [
            ("invoke_cpu_us", cpu_us(&mut ours.invoke, &[client], slice).await?),
            ("start_cpu_us", cpu_us(&mut ours.start, &[bridge, client], slice).await?),
            ("status_cpu_us", cpu_us(&mut ours.status, &[bridge], slice).await?),
        ];
        if round > 0 {
            times.into_iter().for_each(|(name, time)| figures.note(name, time));
        }
    }
    Ok(())
}

/// Returns the processor time of these programs for each call, in microseconds.
async fn cpu_us(fleet: &mut Fleet<HttpCall>, programs: &[&Program], slice: Duration) -> Result<f64> {
    let used = || programs.iter().map(|program| program.cpu_us()).sum::<Result<f64>>();
    let before = used()?;
    let (calls, _) = fleet.load(slice).await?;
    Ok((used()? - before) / calls as f64)
}
