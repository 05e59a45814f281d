//! Logins of persons at an issuer, whose tokens are kept for a context.

mod at;
mod browser;
mod device;
mod issuer;
mod tokens;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bridge_client::Credentials;
use futures::FutureExt;

use crate::config::Context;
use crate::exit::ended;
use crate::login::at::At;
use crate::login::issuer::Issuer;
use crate::login::tokens::Kept;

/// The issuer of a context, and the tokens that are kept for it.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    at: At,
    kept: Kept,
}

impl Login {
    /// Returns the login of a context; `None` if it has no issuer.
    pub(crate) fn of(context: &Context, config: &Path, name: &str) -> Result<Option<Self>> {
        let Some(issuer) = context.issuer.clone() else { return Ok(None) };
        let client_id = context.client_id.clone().ok_or_else(|| {
            ended(2, format!("the context `{name}` has an issuer, but no client: give --client-id"))
        })?;
        let scopes = context.login_scope.as_deref().unwrap_or("openid");
        let at = At {
            issuer,
            client_id,
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            resource: context.login_resource.clone(),
            roots: context.ca_file.clone(),
        };
        Ok(Some(Self { at, kept: Kept::new(config, name) }))
    }

    /// Forgets the tokens of a context, if there are any.
    pub(crate) fn forget(config: &Path, name: &str) -> Result<()> {
        Kept::new(config, name).delete()
    }

    /// Returns the credentials for the bridge: the access token, which is renewed before it ends.
    pub(crate) fn credentials(self) -> Credentials {
        let login = Arc::new(self);
        Credentials::Function(Arc::new(move || {
            let login = Arc::clone(&login);
            async move { login.token().await.map_err(|error| format!("{error:#}")) }.boxed()
        }))
    }

    /// Logs in with the browser of this machine.
    pub(crate) async fn by_browser(&self, open: bool, most: Duration) -> Result<()> {
        let issuer = Issuer::find(&self.at).await?;
        self.kept.write(&browser::log_in(&issuer, open, most).await?)
    }

    /// Logs in with a browser anywhere, by a code.
    pub(crate) async fn by_code(&self, most: Duration) -> Result<()> {
        let issuer = Issuer::find(&self.at).await?;
        self.kept.write(&device::log_in(&issuer, most).await?)
    }

    /// Has the issuer revoke the tokens, and forgets them. Returns whether there were any, and why the issuer has not
    /// revoked them.
    pub(crate) async fn log_out(&self) -> Result<(bool, Option<anyhow::Error>)> {
        let Some(tokens) = self.kept.read()? else { return Ok((false, None)) };
        self.kept.delete()?;
        let revoked = async { Issuer::find(&self.at).await?.revoke(&tokens).await };
        Ok((true, revoked.await.err()))
    }

    async fn token(&self) -> Result<String> {
        let tokens = self.kept.read()?.filter(|tokens| tokens.are_of(&self.at));
        let tokens = tokens.ok_or_else(not_logged_in)?;
        if tokens.last() {
            return Ok(tokens.access_token);
        }
        // One process renews: many issuers take a refresh token only once.
        let _held = self.kept.hold().await?;
        let tokens = self.kept.read()?.ok_or_else(not_logged_in)?;
        if tokens.last() {
            return Ok(tokens.access_token);
        }
        let renewed = Issuer::find(&self.at).await?.renew(&tokens).await?;
        self.kept.write(&renewed)?;
        Ok(renewed.access_token)
    }
}

fn not_logged_in() -> anyhow::Error {
    ended(5, "you are not logged in: run `bridgectl login`")
}
