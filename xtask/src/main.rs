//! `cargo xtask`: the commands that people and CI run in this workspace.

mod bench;
mod bridgectl;
mod charts;
mod circles;
mod cluster;
mod compliance;
mod composite_app;
mod demo;
mod dependencies;
mod files;
mod images;
mod migration;
mod playground;
mod progress;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// Run, test, measure and package this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    Bench(bench::Bench),
    Bridgectl(bridgectl::Bridgectl),
    Charts(charts::Charts),
    Circles(circles::Circles),
    Cluster(cluster::Cluster),
    Compliance(compliance::Compliance),
    CompositeApp(composite_app::CompositeApp),
    Demo(demo::Demo),
    Dependencies(dependencies::Dependencies),
    Images(images::Images),
    Test(test::Test),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done: Result<ExitCode> = match Task::parse() {
        Task::Bench(bench) => bench.run(),
        Task::Bridgectl(bridgectl) => bridgectl.run(),
        Task::Charts(charts) => charts.run(),
        Task::Circles(circles) => circles.run(),
        Task::Cluster(cluster) => cluster.run().await,
        Task::Compliance(compliance) => compliance.run().await,
        Task::CompositeApp(composite_app) => composite_app.run(),
        Task::Demo(demo) => demo.run().await,
        Task::Dependencies(dependencies) => dependencies.run(),
        Task::Images(images) => images.run(),
        Task::Test(test) => test.run().await,
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
