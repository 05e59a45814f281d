//! `cargo xtask test`: fetches missing tools, starts shared servers, builds images, and runs all tests on them.

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use emco_build::cargo;
use harness::{
    ApiServer, PostgreSql, TemporalOptions, build_programs, go_program, helm, kubernetes_validate,
    python_with_temporalio, schemathesis, temporal_cli,
};

use crate::cluster;
use crate::images::for_tests;

/// Run all tests: unit, contract, HTTP, macro, replay and end to end.
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// Run only the tests of this package.
    #[arg(long, short)]
    package: Option<String>,
    /// Run only tests whose name contains this.
    filter: Option<String>,
}

impl Test {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let started = Instant::now();
        let cli = temporal_cli()?;
        python_with_temporalio()?;
        schemathesis()?;
        helm()?;
        kubernetes_validate()?;
        if go_program("options")?.is_some() {
            go_program("go")?;
        }
        build_programs()?;
        // Only the tests of one package need images, which take long to build.
        let images = if self.tests("e2e") { for_tests()? } else { None };
        let server = TemporalOptions { in_memory: true, ..TemporalOptions::default() }.start().await?;
        let postgres = PostgreSql::shared().await?;
        let cluster = if self.tests("xtask") { cluster::for_tests().await? } else { None };
        let threads = test_threads()?;
        for mut step in self.steps() {
            step.env("TEMPORAL_CLI", &cli)
                .env("TEMPORAL_TEST_ADDRESS", server.address())
                .env("BRIDGE_TEST_POSTGRES_URL", postgres.url())
                .env("HARNESS_BUILT", "1")
                .env("HARNESS_IMAGES", images.as_deref().unwrap_or_default())
                .env("RUST_TEST_THREADS", &threads);
            if let Some((name, kubeconfig)) = cluster.as_ref().map(ApiServer::variable) {
                step.env(name, kubeconfig);
            }
            let status = step.status().context("cargo does not start")?;
            if !status.success() {
                eprintln!("tests failed after {:.0?} ({})", started.elapsed(), shown(&step));
                return Ok(exit_code(status.code()));
            }
        }
        eprintln!("tests passed in {:.0?}", started.elapsed());
        Ok(ExitCode::SUCCESS)
    }

    /// Reports whether the tests of a package are run.
    fn tests(&self, name: &str) -> bool {
        self.package.as_deref().is_none_or(|package| package == name)
    }

    /// `cargo test` runs all kinds of tests. nextest is faster, but cannot run those in documentation.
    fn steps(&self) -> Vec<Command> {
        match &self.package {
            Some(package) => vec![self.step(&["test", "--package", package])],
            None if has_nextest() => vec![
                self.step(&["nextest", "run", "--workspace"]),
                self.step(&["test", "--workspace", "--doc"]),
            ],
            None => vec![self.step(&["test", "--workspace"])],
        }
    }

    fn step(&self, args: &[&str]) -> Command {
        let mut step = cargo();
        step.args(args).arg("--no-fail-fast").args(&self.filter);
        step
    }
}

/// Returns how many tests run at the same time: more than cores, since most wait for servers, workflows and deadlines.
fn test_threads() -> Result<String> {
    if let Ok(chosen) = std::env::var("RUST_TEST_THREADS") {
        return Ok(chosen);
    }
    let cores = std::thread::available_parallelism().context("the number of cores is not known")?;
    Ok((4 * cores.get()).to_string())
}

fn has_nextest() -> bool {
    let version = cargo().args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

fn shown(step: &Command) -> String {
    let args: Vec<_> = step.get_args().map(|arg| arg.to_string_lossy()).collect();
    format!("cargo {}", args.join(" "))
}

/// Returns the exit code of a step, or 1 if a signal ended it.
fn exit_code(code: Option<i32>) -> ExitCode {
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}
