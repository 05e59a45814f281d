//! The executable `bridge`.

use bridge::cli::Cli;

fn main() -> anyhow::Result<()> {
    service::settings::parse::<Cli>().run()
}
