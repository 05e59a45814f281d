//! `bridge token`: makes bearer tokens.

use std::io::{Write, stderr, stdout};

use anyhow::Context;
use clap::Subcommand;
use service::auth::NewToken;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a bearer token for a caller. The token goes to stdout, and is kept nowhere. The line for the file
    /// of BRIDGE_BEARER_TOKENS or CLIENT_BEARER_TOKENS goes to stderr: `bridge token new alice 2>>tokens`.
    New {
        /// The name of the caller, which rights and histories have.
        name: String,
    },
}

impl Command {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self::New { name } = self;
        let new = NewToken::random(&name).with_context(|| format!("no token can be made for `{name}`"))?;
        writeln!(stderr(), "{}", new.line()).context("cannot print the line for the file")?;
        writeln!(stdout(), "{}", new.token()).context("cannot print the token")
    }
}
