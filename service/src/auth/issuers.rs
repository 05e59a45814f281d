//! Tokens that issuers have signed (JWT, RFC 7519 and RFC 9068): those of OpenID Connect providers, and of Kubernetes
//! for its service accounts.

mod client;
mod fetch;
mod key_set;
mod keys;
mod login;
mod ring;
mod settings;
mod token;

use std::sync::Arc;

use self::client::Client;
pub use self::client::LoginFault;
use self::fetch::Source;
use self::keys::Keys;
pub use self::login::{LoggedIn, Login, LoginAttempt, LoginResponse};
use self::settings::IssuerSettings;
pub(super) use self::token::TokenFault;
use self::token::{Issuer, issuer_of};
use super::identity::Identity;
use crate::clock::Clock;
use crate::files::{FileError, Reloaded, SettingFile};

/// The issuers whose tokens are accepted, in a TOML file:
///
/// ```toml
/// [[issuer]]
/// name = "corp"                                        # what bindings, audit and metrics call it
/// issuer = "https://login.example.org/realms/emco"     # the claim `iss` of its tokens
/// audience = "emco-bridge"                             # what `aud` must contain
/// groups_claim = "realm_access.roles"                  # optional: a claim, or the path of one
/// name_claim = "preferred_username"                    # by default: sub
///
/// [issuer.login]                                       # optional: persons log in there with their browsers
/// client_id = "bridge"
/// client_secret_file = "/etc/corp/secret"              # by default: a public client
/// scope = "openid profile"                             # the default
///
/// [[issuer]]
/// name = "kubernetes"
/// issuer = "https://kubernetes.default.svc.cluster.local"
/// audience = "emco-bridge"
/// keys_url = "https://kubernetes.default.svc/openid/v1/jwks"   # by default: what the discovery document has
/// ca_file = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
/// token_file = "/var/run/secrets/kubernetes.io/serviceaccount/token"
/// ```
///
/// A changed file is read again within a second. If it cannot be used, this is logged as an error, and the previous
/// issuers stay. Keys are fetched when they are needed, and again before they are five minutes old. If an issuer is
/// away, its former keys are used for 24 hours.
#[derive(Debug, Clone)]
pub struct Issuers(Arc<Reloaded<Vec<Arc<Issuer>>>>);

impl Issuers {
    /// Reads the issuers of a file.
    ///
    /// # Errors
    /// When it, or the token that it names for an issuer, cannot be read, or it is not valid.
    pub fn load(file: impl Into<SettingFile>) -> Result<Self, FileError> {
        Self::with_clock(file, Clock::default())
    }

    /// Reads the issuers of a file. The time is that of `clock`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn with_clock(file: impl Into<SettingFile>, clock: Clock) -> Result<Self, FileError> {
        ring::install();
        let file = file.into();
        let mut before: Vec<(IssuerSettings, Arc<Issuer>)> = Vec::new();
        let issuers = Reloaded::load(vec![file.clone()], move |contents| {
            let issuers = settings::read(&file, &contents.concat())?.into_iter().map(|settings| {
                // An issuer that has not changed keeps its keys: it may be away.
                let same = before.iter().find(|(before, _)| *before == settings);
                let issuer = match same {
                    Some((_, issuer)) => Arc::clone(issuer),
                    None => Arc::new(issuer(&settings, &clock)?),
                };
                Ok((settings, issuer))
            });
            before = issuers.collect::<Result<_, FileError>>()?;
            Ok(before.iter().map(|(_, issuer)| Arc::clone(issuer)).collect())
        })?;
        Ok(Self(Arc::new(issuers)))
    }

    /// Returns the owner of a token.
    pub(super) async fn owner(&self, token: &[u8]) -> Result<Identity, TokenFault> {
        let claimed = issuer_of(token)?;
        let issuers = self.0.current();
        let issuer = issuers.iter().find(|issuer| issuer.has_url(&claimed)).ok_or(TokenFault::Issuer)?;
        issuer.owner(token).await
    }

    /// Returns the issuer at which persons log in with their browsers, if there is one.
    pub fn login(&self) -> Option<Login> {
        let issuers = self.0.current();
        issuers.iter().find(|issuer| issuer.client.is_some()).map(|issuer| Login::new(Arc::clone(issuer)))
    }

    /// Fetches the keys of all issuers, so that a wrong setting shows at once, and no caller waits for them.
    pub(super) async fn prepare(&self) {
        futures::future::join_all(self.0.current().iter().map(|issuer| issuer.prepare())).await;
    }
}

/// Describes the metrics of issuers.
pub(super) fn describe() {
    keys::describe();
}

fn issuer(settings: &IssuerSettings, clock: &Clock) -> Result<Issuer, FileError> {
    let source = Arc::new(Source::new(settings.clone())?);
    let keys = Keys::new(settings.name.clone(), Arc::clone(&source), clock.clone());
    let client = settings.login.clone().map(|login| Client::new(login, source)).transpose()?;
    Ok(Issuer::new(settings, Arc::new(keys), client, clock.clone()))
}
