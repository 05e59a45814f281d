//! Single calls, one after the other: the time that ours take longer than Temporal itself.

use anyhow::Result;

use crate::effort::Effort;
use crate::figures::{Figures, quantile};
use crate::load::Fleet;
use crate::raw::RawStart;
use crate::scene::Scene;

/// The number of calls on each side before those that are measured.
const WARM_UP: usize = 50;

pub(super) async fn measure(
    figures: &mut Figures,
    scene: &Scene,
    temporal: &str,
    effort: Effort,
) -> Result<()> {
    let mut raw = Fleet::connect(1, async || RawStart::connect(temporal).await).await?;
    let mut invoke = Fleet::connect(1, async || scene.invoke().await).await?;
    let mut start = Fleet::connect(1, async || scene.start_intent().await).await?;
    for round in 0..=effort.rounds {
        let mut times = [const { Vec::new() }; 3];
        // In another order each time: a server keeps working after a response, which slows the next call down.
        let mut order = [0, 1, 2];
        for _ in 0..if round == 0 { WARM_UP } else { effort.timed } {
            fastrand::shuffle(&mut order);
            for side in order {
                times[side].push(match side {
                    0 => raw.timed().await?,
                    1 => invoke.timed().await?,
                    _ => start.timed().await?,
                });
            }
        }
        let [raw, invoke, start] = times.map(|mut times| quantile(&mut times, 0.5));
        if round > 0 {
            figures.note("invoke_added_p50_ms", invoke - raw);
            figures.note("start_added_p50_ms", start - raw);
        }
    }
    Ok(())
}
