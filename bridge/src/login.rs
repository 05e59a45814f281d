//! The settings of logins with a browser.

use std::path::PathBuf;
use std::sync::Arc;

use bridge_core::{Clock, Sessions};
use bridge_login::{Logins, Options, PublicUrl};
use service::auth::Authenticator;
use service::files::SettingFile;

use crate::bridge::OpenError;

const SESSION_KEYS: &str = "BRIDGE_SESSION_KEYS";

/// Logins with a browser. By default there are none, and cookies do not count.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct LoginSettings {
    /// The address at which browsers find the bridge: https://bridge.example.org. Only an address of this machine
    /// can be without TLS.
    #[arg(long, env = "BRIDGE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,
    /// File with the key that encrypts the sessions of browsers, and on a second line the former key: 32 random
    /// bytes each, as Base64. All replicas need the same. With it, persons can log in with their browsers: at the
    /// issuer that has a `login`, else with a token of BRIDGE_BEARER_TOKENS.
    #[arg(long, env = SESSION_KEYS, value_name = "FILE", requires = "public_url")]
    pub session_keys: Option<PathBuf>,
}

impl LoginSettings {
    /// Returns the logins; `None` if there are none.
    pub(crate) fn load(
        &self,
        authenticator: &Authenticator,
        sessions: Sessions,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Logins>, OpenError> {
        let (Some(public), Some(keys)) = (&self.public_url, &self.session_keys) else { return Ok(None) };
        let logins = Logins::open(Options {
            public: public.clone(),
            keys: SettingFile::of(SESSION_KEYS, keys),
            tokens: authenticator.tokens.clone(),
            issuers: authenticator.issuers.clone(),
            sessions,
            clock,
        })?;
        if logins.has_way() { Ok(Some(logins)) } else { Err(OpenError::NoLogin) }
    }
}
