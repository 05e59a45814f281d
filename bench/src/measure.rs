//! Measures all figures, one after the other.

mod beside;
mod histories;
mod processes;
mod singles;
mod waits;

use anyhow::Result;
use harness::TemporalOptions;

use crate::effort::Effort;
use crate::figures::Figures;
use crate::scene::{Programs, Scene};
use crate::stub::Stub;

pub(crate) async fn all(programs: &Programs, effort: Effort) -> Result<Figures> {
    let mut figures = Figures::default();
    eprintln!("== beside Temporal's dev server");
    let temporal = TemporalOptions { in_memory: true, ..TemporalOptions::default() }.start().await?;
    processes::measure(&mut figures, programs, temporal.address(), effort).await?;
    let scene = Scene::start(programs, temporal.address()).await?;
    // Before any load: a server works for long on what it took meanwhile.
    singles::measure(&mut figures, &scene, temporal.address(), effort).await?;
    beside::throughput(&mut figures, &scene, temporal.address(), effort).await?;
    drop((scene, temporal));

    eprintln!("== against a frontend that answers at once");
    let stub = Stub::start().await?;
    beside::processor_time(&mut figures, &Scene::start(programs, &stub.address).await?, effort).await?;
    for _ in 0..effort.rounds {
        // Each with a fresh bridge: a process does not return memory, so an earlier use would hide a later one.
        histories::measure(&mut figures, &Scene::start(programs, &stub.address).await?, effort).await?;
        waits::measure(&mut figures, &Scene::start(programs, &stub.address).await?).await?;
    }
    Ok(figures)
}
