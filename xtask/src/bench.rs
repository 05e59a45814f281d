//! `cargo xtask bench`: measures release builds beside Temporal itself, in one run.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use emco_build::{Profile, SHIPPED, build_static};
use harness::temporal_cli;

/// Measure the cost of our processes compared with Temporal alone. Exit code 0 if every figure keeps its bound, else 1.
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// Measure in fewer and shorter rounds, which takes less than a minute after the builds.
    #[arg(long)]
    quick: bool,
    /// Print the medians and their spreads as one JSON object, the last line of standard output.
    #[arg(long)]
    json: bool,
    /// Measure only one group of figures: `beside`, `alone`, `rights` or `hostile`.
    #[arg(long, value_name = "GROUP")]
    only: Option<String>,
}

impl Bench {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let cli = temporal_cli()?;
        let programs = build_static(&SHIPPED, Profile::Release)?;
        // Built by itself, so that its dependencies do not add features to the programs that it measures.
        let bench = build_static(&["bench"], Profile::Release)?.join("bench");
        let mut bench = Command::new(bench);
        bench.env("TEMPORAL_CLI", cli).arg("--programs").arg(programs);
        bench.args(self.quick.then_some("--quick")).args(self.json.then_some("--json"));
        bench.args(self.only.map(|group| format!("--only={group}")));
        let status = bench.status().context("the benchmark does not start")?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
