//! One kind of work and nothing else, for as long as a profiler needs to see where the time goes.

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use super::IN_FLIGHT;
use super::beside::load;
use super::{describe, invoke};
use crate::load::{Fleet, Request};
use crate::scene::{Programs, STARTED, Scene, start};
use crate::stub::Stub;

const TIME: Duration = Duration::from_secs(10);

/// What our programs are loaded with.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Work {
    /// `POST /invoke` of the workflow client.
    Invoke,
    /// `POST /start` of the bridge, which invokes the client.
    Start,
    /// `GET /status` of the bridge.
    Status,
}

/// Loads our programs with this; answers what came out in one line.
pub(crate) async fn sustained(programs: &Programs, work: Work) -> Result<String> {
    let stub = Stub::start(1).await?;
    let scene = Scene::start(programs, &stub.address).await?;
    let Scene { bridge, client, .. } = &scene;
    eprintln!("bridge is process {}, sample-client {}", bridge.pid(), client.pid());
    let (port, asked, busy) = match work {
        Work::Invoke => (client.port, invoke(), &[client][..]),
        Work::Start => (bridge.port, Request::post(start(STARTED), ""), &[bridge, client][..]),
        Work::Status => (bridge.port, describe(), &[bridge][..]),
    };
    let mut fleet = Fleet::http(IN_FLIGHT, port, &asked).await?;
    let (load, cpu_us) = load(&mut fleet, TIME, busy).await?;
    drop(fleet);
    scene.end().await?;
    Ok(format!("{work:?}: {:.0} a second, {cpu_us:.0} us of processor time each", load.per_second()))
}
