//! More starts than bridge, client and Temporal can do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::effort::{Effort, IN_FLIGHT, PATIENCE, STARTS_OF_ONE_ID};
use crate::figures::Figures;
use crate::http::HttpCall;
use crate::load::{Call, Fleet};
use crate::scene::Scene;

/// How often new starts are due.
const TICK: Duration = Duration::from_millis(5);
/// The offered load, as a multiple of the capacity.
const LOADS: [(&str, f64); 3] = [("goodput_at_1x", 1.0), ("goodput_at_3x", 3.0), ("goodput_at_10x", 10.0)];

pub(super) async fn measure(figures: &mut Figures, scene: &Scene, effort: Effort) -> Result<()> {
    let mut fleet = Fleet::connect(IN_FLIGHT, async || scene.start_intent().await).await?;
    // The first calls fill connections and caches.
    fleet.load(effort.slice / 4).await?;
    let (_, mut capacity) = fleet.load(effort.slice).await?;
    for (name, multiple) in LOADS {
        let reached = goodput(scene, capacity * multiple, effort.slice).await?;
        // Temporal gets slower with each workflow, so its capacity is measured again.
        let (_, after) = fleet.load(effort.slice).await?;
        figures.note(name, reached / f64::midpoint(capacity, after));
        capacity = after;
    }
    figures.note("one_id_unknown", unknown_of_one_id(scene).await?);
    Ok(())
}

/// Offers `rate` starts each second for this time, whatever becomes of them, and returns the successes for each second.
async fn goodput(scene: &Scene, rate: f64, time: Duration) -> Result<f64> {
    let idle: Arc<Mutex<Vec<HttpCall>>> = Arc::default();
    let mut starts = JoinSet::new();
    let since = Instant::now();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while since.elapsed() < time {
        tick.tick().await;
        let due = (since.elapsed().as_secs_f64() * rate) as usize;
        while starts.len() < due {
            let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let new = if connection.is_none() { Some(scene.start_intent().await?) } else { None };
            let idle = Arc::clone(&idle);
            starts.spawn(async move {
                let mut connection = connection.or(new)?;
                timeout(PATIENCE, connection.call()).await.ok()?.ok()?;
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
                Some(Instant::now())
            });
        }
    }
    let successes: Vec<Instant> = starts.join_all().await.into_iter().flatten().collect();
    let last = successes.iter().max().map_or(time, |last| last.duration_since(since));
    Ok(successes.len() as f64 / last.max(time).as_secs_f64())
}

/// Starts one workflow ID many times at once, and returns how many callers do not learn what became of their
/// start. That is all of them if none succeeds.
async fn unknown_of_one_id(scene: &Scene) -> Result<f64> {
    let mut starts = JoinSet::new();
    for _ in 0..STARTS_OF_ONE_ID {
        let mut start = scene.start_one_id().await?;
        starts.spawn(async move { timeout(4 * PATIENCE, start.call()).await });
    }
    let outcomes = starts.join_all().await;
    if !outcomes.iter().any(|outcome| matches!(outcome, Ok(Ok(())))) {
        return Ok(STARTS_OF_ONE_ID as f64);
    }
    let unknown = outcomes.iter().filter(|outcome| match outcome {
        Ok(Ok(())) => false,
        Ok(Err(error)) => error.to_string().contains("start_outcome_unknown"),
        Err(_) => true,
    });
    Ok(unknown.count() as f64)
}
