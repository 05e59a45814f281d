//! The executable `bridge`.

use std::process::ExitCode;

use bridge::cli::Cli;

fn main() -> anyhow::Result<ExitCode> {
    service::settings::parse::<Cli>().run()
}
