#![doc = include_str!("../README.md")]

mod load;
mod measure;
mod payload;
mod proxy;
mod relay;
mod report;
mod scene;
mod stub;
pub mod wire;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use crate::measure::Work;
use crate::scene::Programs;

/// Measures our release builds beside Temporal itself; `cargo xtask bench` builds and calls it.
#[derive(Debug, Parser)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct Bench {
    /// The folder of bridge, sample-client and sample-worker.
    #[arg(long, required = true)]
    programs: Option<PathBuf>,
    /// Few and short rounds: in less than a minute.
    #[arg(long)]
    quick: bool,
    /// Print the medians and their spreads as one JSON object, the last line of standard output.
    #[arg(long)]
    json: bool,
    /// Instead, load our programs with nothing but this for ten seconds, Temporal's frontend being the stub: for a profiler to look at.
    #[arg(long, conflicts_with_all = ["quick", "json"])]
    load: Option<Work>,
    #[command(subcommand)]
    aside: Option<Aside>,
}

/// What the benchmark starts itself as, in processes of their own.
#[derive(Debug, Subcommand)]
enum Aside {
    /// A frontend of Temporal that answers at once.
    #[command(hide = true)]
    Stub {
        /// Where it listens.
        listen: SocketAddr,
        /// How long a history the one workflow has that has a long one.
        events: usize,
    },
    /// One hop more on the way, and nothing else.
    #[command(hide = true)]
    Relay {
        /// Where it listens.
        listen: SocketAddr,
        /// Where it passes everything on to.
        to: SocketAddr,
    },
}

impl Bench {
    /// Measures, and prints what came out.
    ///
    /// # Errors
    /// When something does not start or answers otherwise than it should: such figures would mean nothing.
    pub fn run(self) -> Result<ExitCode> {
        match self.aside {
            // On one thread, as the smallest of hops.
            Some(Aside::Relay { listen, to }) => {
                Builder::new_current_thread().enable_all().build()?.block_on(relay::serve(listen, to))?;
            }
            Some(Aside::Stub { listen, events }) => {
                Builder::new_multi_thread().enable_all().build()?.block_on(stub::serve(listen, events))?;
            }
            None => Builder::new_multi_thread().enable_all().build()?.block_on(self.measure())?,
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn measure(self) -> Result<()> {
        let folder = self.programs.unwrap_or_default().canonicalize().context("no folder of programs")?;
        if let Some(work) = self.load {
            print_line(&measure::sustained(&Programs { folder }, work).await?);
            return Ok(());
        }
        let effort = if self.quick { measure::QUICK } else { measure::FULL };
        let report = measure::all(&Programs { folder }, effort).await?;
        eprint!("\n{}", report.to_text(&measure::BOUNDS));
        if self.json {
            print_line(&report.to_json().to_string());
        }
        Ok(())
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what this command is asked to print")]
fn print_line(line: &str) {
    println!("{line}");
}
