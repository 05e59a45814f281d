//! Measures all figures, one after the other.

mod attack;
mod beside;
mod bystander;
mod histories;
mod overload;
mod processes;
mod rights;
mod singles;
mod waits;

use anyhow::Result;
use harness::{TemporalOptions, TemporalServer};

use crate::effort::Effort;
use crate::figures::{Figures, Group};
use crate::scene::{Programs, Scene};
use crate::stub::Stub;

/// Measures the figures of all groups that `figures` include.
pub(crate) async fn all(programs: &Programs, effort: Effort, mut figures: Figures) -> Result<Figures> {
    let stub = Stub::start().await?;
    let alone = async || Scene::start(programs, &stub.address).await;
    if figures.include(Group::Beside) {
        eprintln!("== beside Temporal's dev server");
        let temporal = dev_server().await?;
        processes::measure(&mut figures, programs, temporal.address(), effort).await?;
        let scene = Scene::start(programs, temporal.address()).await?;
        // Before any load: afterwards a server keeps working on it for a long time.
        singles::measure(&mut figures, &scene, temporal.address(), effort).await?;
        beside::throughput(&mut figures, &scene, programs, temporal.address(), effort).await?;
    }
    if figures.include(Group::Alone) {
        eprintln!("== against a frontend that answers at once");
        beside::processor_time(&mut figures, &alone().await?, effort).await?;
        for _ in 0..effort.long_rounds {
            // Each with a fresh bridge: a process does not return memory, so an earlier use would hide a later one.
            histories::measure(&mut figures, &alone().await?, effort).await?;
            waits::measure(&mut figures, &alone().await?).await?;
        }
    }
    if figures.include(Group::Rights) {
        eprintln!("== with many bindings and many intents");
        rights::decisions(&mut figures, effort)?;
        rights::pages(&mut figures, programs, effort).await?;
    }
    if figures.include(Group::Hostile) {
        eprintln!("== under attack and overload");
        for _ in 0..effort.long_rounds {
            attack::bodies(&mut figures, &alone().await?).await?;
            attack::bystanders(&mut figures, alone().await?, effort).await?;
            let temporal = dev_server().await?;
            let scene = Scene::start(programs, temporal.address()).await?;
            overload::measure(&mut figures, &scene, effort).await?;
        }
    }
    Ok(figures)
}

async fn dev_server() -> Result<TemporalServer> {
    TemporalOptions { in_memory: true, ..TemporalOptions::default() }.start().await
}
