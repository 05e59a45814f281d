//! The command line.

mod audit;
mod intent;
mod rights;
mod serve;
mod token;

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use service::probe::Probe;

use crate::config::Settings;

/// The workflow manager for EMCO: registers workflow intents, starts their workflows, reports their status
/// and cancels them.
#[derive(Debug, Parser)]
#[command(name = "bridge", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the REST API.
    Serve(Box<Settings>),
    /// Check workflow intents before they are registered.
    #[command(subcommand)]
    Intent(intent::Command),
    /// Make bearer tokens for callers.
    #[command(subcommand)]
    Token(token::Command),
    /// Check files of rights before the bridge uses them.
    #[command(subcommand)]
    Rights(rights::Command),
    /// Verify or export the audit.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Print the OpenAPI document of the REST API.
    #[command(name = "openapi")]
    OpenApi,
    /// Ask another process whether it is ready.
    Probe(Probe),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns why the command failed. Invalid settings end the process.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(settings) => serve::run(*settings).map(|()| ExitCode::SUCCESS),
            Command::Intent(command) => command.run(),
            Command::Token(command) => command.run().map(|()| ExitCode::SUCCESS),
            Command::Rights(command) => command.run(),
            Command::Audit(command) => command.run(),
            Command::OpenApi => print_document().map(|()| ExitCode::SUCCESS),
            Command::Probe(probe) => Ok(probe.run()),
        }
    }
}

fn print_document() -> anyhow::Result<()> {
    stdout().write_all(bridge_http::document().as_bytes()).context("cannot print the document")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
