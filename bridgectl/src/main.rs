//! The executable `bridgectl`.

mod cli;
mod commands;
mod complete;
mod config;
mod documents;
mod exit;
mod files;
mod kept;
mod login;
mod names;
mod output;
mod progress;
mod run;
mod run_name;
mod session;
mod wait;
mod workflowmgr;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::cli::Cli;

fn main() -> ExitCode {
    complete::answer(Cli::command);
    exit::code_of(run())
}

#[tokio::main(flavor = "current_thread")]
async fn run() -> anyhow::Result<()> {
    run::run(Cli::parse()).await
}
