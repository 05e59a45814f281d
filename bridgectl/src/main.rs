//! The executable `bridgectl`.

mod cli;
mod commands;
mod config;
mod documents;
mod exit;
mod names;
mod output;
mod run;
mod session;
mod wait;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    exit::code_of(run::run(Cli::parse()).await)
}
