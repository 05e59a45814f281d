//! The settings of logins with a browser.

use std::path::PathBuf;
use std::sync::Arc;

use bridge_core::{Clock, Sessions};
use bridge_login::{Logins, Options, PublicUrl};
use service::auth::Authenticator;
use service::files::{FileError, SettingFile};

const SESSION_KEYS: &str = "BRIDGE_SESSION_KEYS";

/// Logins with a browser. By default there are none, and cookies do not count.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct LoginSettings {
    /// The address at which browsers find the bridge: `https://bridge.example.org`. Only an address of this machine
    /// can be without TLS.
    #[arg(long, env = "BRIDGE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,
    /// File with the key that encrypts the sessions of browsers, and on a second line the former key: 32 random
    /// bytes each, as Base64. All replicas need the same. With it, persons can log in with their browsers: at the
    /// issuer that has a `login`, else with a token of BRIDGE_BEARER_TOKENS.
    #[arg(long, env = SESSION_KEYS, value_name = "FILE", requires = "public_url")]
    pub session_keys: Option<PathBuf>,
}

/// Why nobody could log in with a browser.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] FileError),
    /// There is neither an issuer with a login nor a file of tokens.
    #[error(
        "BRIDGE_SESSION_KEYS is set, but nobody can log in: set BRIDGE_BEARER_TOKENS, or add a login to an issuer of \
         BRIDGE_ISSUERS"
    )]
    NoWay,
}

impl LoginSettings {
    /// Returns the logins; `None` if there are none.
    pub(crate) fn load(
        &self,
        authenticator: &Authenticator,
        sessions: Sessions,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Logins>, LoginError> {
        let (Some(public), Some(keys)) = (&self.public_url, &self.session_keys) else { return Ok(None) };
        let logins = Logins::open(Options {
            public: public.clone(),
            keys: SettingFile::of(SESSION_KEYS, keys),
            tokens: authenticator.tokens.clone(),
            issuers: authenticator.issuers.clone(),
            sessions,
            clock,
        })?;
        if logins.has_way() { Ok(Some(logins)) } else { Err(LoginError::NoWay) }
    }
}
