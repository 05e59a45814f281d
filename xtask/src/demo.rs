//! `cargo xtask demo`: runs the whole system on free ports, with EMCO's sample migration and the relocation of its app.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use harness::{
    SAMPLE_DIG, SAMPLE_INTENT, SAMPLE_TARGET, Stack, StackOptions, TemporalOptions, build_programs,
    temporal_cli,
};
use serde_json::Value;
use tokio::signal::ctrl_c;

use crate::migration::{Act, Migration, hold, perform};
use crate::playground::{Playground, ROLES, furnish};
use crate::progress::Progress;

/// The exit code that shells report of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;
const NO_CTRL_C: &str = "cannot wait for Ctrl-C";

/// Start the whole system on free ports, and watch an app move to another cluster.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Exit after the migration: with 0 if it succeeded, else with 1.
    #[arg(long)]
    once: bool,
    /// Print the outcome as one JSON object, the last line of standard output.
    #[arg(long)]
    json: bool,
    /// Make the workflow fail, to see it undone: with `readiness` the app is relocated to a cluster where it never gets
    /// ready. `--once` then exits with 0 if everything is as before and the workflow reports that, else with 1.
    #[arg(long, value_name = "WHAT")]
    fail: Option<Failing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Failing {
    Readiness,
}

/// The cluster that the sample app runs on first.
const FIRST: &str = "provider1/cluster1";
/// How long the app takes to get ready on the cluster that it is relocated to, so that the wait can be seen.
const SLOW: &str = "3s";

impl Demo {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        // After an interrupt, everything started so far is dropped, which ends it.
        let playground = Playground::new()?;
        let (stack, migration) = tokio::select! {
            shown = self.show(&playground) => shown?,
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
        let well = if self.fail.is_some() { migration.rolled_back() } else { migration.moved() };
        Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn show(&self, playground: &Playground) -> Result<(Stack, Migration)> {
        let mut progress = Progress::new();
        temporal_cli()?;
        build_programs()?;
        progress.done("built bridge, sample-client, sample-worker and emco-stand-in");

        progress.doing("starting Temporal, EMCO's stand-in, bridge, workflow client and worker");
        let temporal = TemporalOptions { ui: !self.once, ..TemporalOptions::default() };
        let options = StackOptions { temporal, ..StackOptions::default() };
        let options = if self.once { options } else { playground.options(options)? };
        let mut stack = options.start().await?;
        progress.done(format!("everything runs, with Temporal at {}", stack.temporal.address()));

        let performed = async {
            let migration = self.perform(&stack, &mut progress).await?;
            if !self.once && self.fail.is_none() {
                furnish(&stack, &mut progress).await?;
            }
            anyhow::Ok(migration)
        };
        let migration = performed.await.inspect_err(|_| {
            // The output of the processes is lost when they are dropped.
            stack.members().iter().for_each(|member| eprintln!("{}", member.process.tail()));
        })?;
        Ok((stack, migration))
    }

    /// Returns the outcome of EMCO's sample migration, or of what was made to fail.
    async fn perform(&self, stack: &Stack, progress: &mut Progress) -> Result<Migration> {
        if self.fail == Some(Failing::Readiness) {
            let relocation = Act::relocation(stack, SAMPLE_TARGET, "5s");
            hold(stack, relocation.target, None).await?;
            progress.done(format!("from now on nothing gets ready on {}", relocation.target));
            return perform(stack, relocation, progress).await;
        }
        let migration = perform(stack, Act::migration(stack), progress).await?;
        let back = Act::relocation(stack, FIRST, "60s");
        hold(stack, back.target, Some(SLOW)).await?;
        progress.done(format!(
            "now it moves back without downtime; on {} the app needs some seconds to get ready",
            back.target
        ));
        let back = perform(stack, back, progress).await?;
        ensure!(back.moved(), "the relocation failed: {}", back.to_json());
        Ok(migration)
    }
}

fn show_addresses(stack: &Stack) {
    let bridge = stack.bridge.url();
    eprintln!("\n  Pages           {bridge}/ui/");
    eprintln!(
        "  Log in as       {} (each is its own token; without it, you may do everything)",
        ROLES.join(", ")
    );
    eprintln!("  API             {bridge}/openapi.json");
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
