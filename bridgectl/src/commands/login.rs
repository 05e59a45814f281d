//! `login` and `logout`.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::verbs::time;
use crate::exit::ended;
use crate::output::note;
use crate::session::Session;

/// Log in at the issuer of the context, for the bridge of the context.
///
/// Opens a browser on this machine; with --device, shows a code for a browser on any machine. The context needs an
/// issuer and a client: bridgectl context set NAME --issuer URL --client-id ID.
#[derive(Debug, clap::Args)]
pub(crate) struct Login {
    /// Show a code, which is entered with a browser on any machine.
    #[arg(long)]
    device: bool,
    /// Print the URL only, and open no browser.
    #[arg(long, conflicts_with = "device")]
    no_browser: bool,
    /// How long to wait.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "5m")]
    timeout: Duration,
}

impl Login {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let login = ctl.login()?;
        tokio::select! {
            done = async {
                match self.device {
                    true => login.by_code(self.timeout).await,
                    false => login.by_browser(!self.no_browser, self.timeout).await,
                }
            } => done?,
            _ = tokio::signal::ctrl_c() => return Err(ended(130, "nobody is logged in")),
        }
        let session =
            ctl.bridge.my_session().await.context("the issuer has logged you in, but not the bridge")?.value;
        ctl.out.done(&session.name, &format!("logged in as {}", session.name))
    }
}

/// Forget the tokens of the context, and have the issuer revoke them.
#[derive(Debug, clap::Args)]
pub(crate) struct Logout {}

impl Logout {
    pub(crate) async fn run(self, ctl: &Session) -> Result<()> {
        let (was_in, why) = ctl.login()?.log_out().await?;
        if let Some(error) = why {
            note(&format!("the tokens are forgotten here, but not revoked: {error:#}"));
        }
        let text = if was_in { "logged out" } else { "nobody was logged in" };
        ctl.out.done("", text)
    }
}
