//! The program that `cargo xtask bench` calls.

use std::process::ExitCode;

use bench::Bench;
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    Bench::parse().run().await.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
