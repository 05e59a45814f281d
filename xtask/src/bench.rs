//! `cargo xtask bench`: release builds measured beside Temporal itself, in one run.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use emco_build::{Profile, SHIPPED, build_static};
use harness::temporal_cli;

/// Measure what our processes cost beside Temporal itself, in one run.
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// Few and short rounds: in less than a minute, builds apart.
    #[arg(long)]
    quick: bool,
    /// Print the medians and their spreads as one JSON object, the last line of standard output.
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let cli = temporal_cli()?;
        let programs = build_static(&SHIPPED, Profile::Release)?;
        // By itself, so that what it depends on changes nothing in the programs that it measures.
        let bench = build_static(&["bench"], Profile::Release)?.join("bench");
        let mut bench = Command::new(bench);
        bench.env("TEMPORAL_CLI", cli).arg("--programs").arg(programs);
        bench.args(self.quick.then_some("--quick")).args(self.json.then_some("--json"));
        let status = bench.status().context("the benchmark does not start")?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
