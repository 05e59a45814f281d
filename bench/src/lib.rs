#![doc = include_str!("../README.md")]

mod load;
mod measure;
mod payload;
mod report;
mod scene;
mod stub;
pub mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::measure::Work;
use crate::scene::Programs;

/// Measures our release builds beside Temporal itself; `cargo xtask bench` builds and calls it.
#[derive(Debug, Parser)]
pub struct Bench {
    /// The folder of bridge, sample-client and sample-worker.
    #[arg(long)]
    programs: PathBuf,
    /// Few and short rounds: in less than a minute.
    #[arg(long)]
    quick: bool,
    /// Print the medians and their spreads as one JSON object, the last line of standard output.
    #[arg(long)]
    json: bool,
    /// Instead, load our programs with nothing but this for ten seconds, Temporal's frontend being the stub: for a profiler to look at.
    #[arg(long, conflicts_with_all = ["quick", "json"])]
    load: Option<Work>,
}

impl Bench {
    /// Measures, and prints what came out.
    ///
    /// # Errors
    /// When something does not start or answers otherwise than it should: such figures would mean nothing.
    pub async fn run(self) -> Result<ExitCode> {
        let folder = self.programs.canonicalize().context("no folder of programs")?;
        if let Some(work) = self.load {
            print_line(&measure::sustained(&Programs { folder }, work).await?);
            return Ok(ExitCode::SUCCESS);
        }
        let effort = if self.quick { measure::QUICK } else { measure::FULL };
        let report = measure::all(&Programs { folder }, effort).await?;
        eprint!("\n{}", report.to_text(&measure::BOUNDS));
        if self.json {
            print_line(&report.to_json().to_string());
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what this command is asked to print")]
fn print_line(line: &str) {
    println!("{line}");
}
