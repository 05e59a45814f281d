#![doc = include_str!("../README.md")]

mod effort;
mod figures;
mod http;
mod issuer;
mod load;
mod measure;
mod payload;
mod raw;
mod scene;
mod shapes;
mod stub;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::effort::{FULL, QUICK};
use crate::figures::{Figures, Group};
use crate::scene::Programs;

/// Measures our programs beside Temporal itself. `cargo xtask bench` builds them and calls this.
#[derive(Debug, Parser)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
struct Bench {
    /// The folder of bridge, sample-client and sample-worker.
    #[arg(long, required = true)]
    programs: Option<PathBuf>,
    /// Measure in fewer and shorter rounds, without attack, overload and rights, which takes less than a minute.
    #[arg(long)]
    quick: bool,
    /// Print the medians and their spreads as one JSON object, the last line of standard output.
    #[arg(long)]
    json: bool,
    /// Measure only this group of figures.
    #[arg(long, value_name = "GROUP")]
    only: Option<Group>,
    #[command(subcommand)]
    aside: Option<Aside>,
}

/// The parts of the benchmark that run in their own process.
#[derive(Debug, Subcommand)]
enum Aside {
    /// A Temporal frontend that answers at once.
    #[command(hide = true)]
    Stub {
        /// The address to listen on.
        listen: SocketAddr,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    Bench::parse().run().await.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

impl Bench {
    /// Fails if a program does not start or responds with an error, since such figures would mean nothing.
    #[expect(clippy::print_stdout, reason = "the figures are what this command is asked to print")]
    async fn run(self) -> Result<ExitCode> {
        if let Some(Aside::Stub { listen }) = self.aside {
            stub::serve(listen).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let folder = self.programs.unwrap_or_default().canonicalize().context("no folder of programs")?;
        let effort = if self.quick { QUICK } else { FULL };
        let programs = Programs { folder };
        let groups = match (self.only, self.quick) {
            (Some(only), _) => vec![only],
            (None, true) => vec![Group::Beside, Group::Alone],
            (None, false) => vec![Group::Beside, Group::Alone, Group::Rights, Group::Hostile],
        };
        // On the heap, since the future of all groups is large.
        let figures = Box::pin(measure::all(&programs, effort, Figures::of(groups))).await?;
        eprint!("\n{}", figures.to_text());
        if self.json {
            println!("{}", figures.to_json());
        }
        Ok(if figures.hold() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
