//! `cargo xtask demo`: everything on free ports, and EMCO's sample migration on it.

use std::process::ExitCode;

use anyhow::{Context, Result};
use harness::{
    SAMPLE_DIG, SAMPLE_INTENT, Stack, StackOptions, TemporalOptions, build_programs, temporal_cli,
};
use serde_json::Value;
use tokio::signal::ctrl_c;

use crate::migration::{Migration, migrate};
use crate::progress::Progress;

/// What shells report of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;
const NO_CTRL_C: &str = "cannot wait for Ctrl-C";

/// Start everything on free ports and watch an app move to another cluster.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// End after the migration: exit code 0 if it did what it should, else 1.
    #[arg(long)]
    once: bool,
    /// Print the outcome as one JSON object, the last line of standard output.
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        // Interrupted half-way, everything started so far is dropped, and ends with that.
        let (stack, migration) = tokio::select! {
            shown = self.show() => shown?,
            interrupt = ctrl_c() => return interrupt.map(|()| ExitCode::from(INTERRUPTED)).context(NO_CTRL_C),
        };
        if self.json {
            print_line(&migration.to_json());
        }
        if !self.once {
            show_addresses(&stack);
            ctrl_c().await.context(NO_CTRL_C)?;
        }
        stack.stop().await?;
        Ok(if migration.moved() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn show(&self) -> Result<(Stack, Migration)> {
        let mut progress = Progress::new();
        temporal_cli()?;
        build_programs()?;
        progress.done("built bridge, sample-client, sample-worker and emco-stand-in");

        progress.doing("starting Temporal, EMCO's stand-in, bridge, workflow client and worker");
        let temporal = TemporalOptions { ui: !self.once, ..TemporalOptions::default() };
        let mut stack = StackOptions { temporal, ..StackOptions::default() }.start().await?;
        progress.done(format!("all of it runs, with Temporal at {}", stack.temporal.address()));

        let migration = migrate(&stack, &mut progress).await.inspect_err(|_| {
            // The processes' output goes with them.
            stack.members().iter().for_each(|member| eprintln!("{}", member.process.tail()));
        })?;
        Ok((stack, migration))
    }
}

fn show_addresses(stack: &Stack) {
    let bridge = stack.bridge.url();
    eprintln!("\n  Bridge          {bridge}/openapi.json");
    eprintln!("  This workflow   {}/{SAMPLE_INTENT}/status?runDescribeWfExec=true", stack.intents_url());
    eprintln!("  Temporal's UI   {}", stack.temporal.ui_url().unwrap_or("none"));
    eprintln!("  Temporal        {}", stack.temporal.address());
    eprintln!("  EMCO stand-in   {}{SAMPLE_DIG}/status?status=ready", stack.emco.url());
    eprintln!("  Workflow client {}/readyz", stack.client.url());
    eprintln!("  Worker          {}/metrics", stack.worker.url());
    eprintln!("\nCtrl-C ends it.");
}

#[expect(clippy::print_stdout, reason = "the outcome is what this command is asked to print")]
fn print_line(value: &Value) {
    println!("{value}");
}
