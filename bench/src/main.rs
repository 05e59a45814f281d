//! The program that `cargo xtask bench` calls.

use std::process::ExitCode;

use bench::Bench;
use clap::Parser;

fn main() -> ExitCode {
    Bench::parse().run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
