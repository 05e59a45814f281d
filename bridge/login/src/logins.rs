//! What all parts of a login share.

use std::sync::Arc;

use bridge_core::{Clock, Sessions};
use service::auth::{BearerTokens, Issuers, Login};
use service::files::{FileError, Reloaded, SettingFile};

use crate::cookie::Cookies;
use crate::keys::SessionKeys;
use crate::place::PublicUrl;

/// Where a login begins, where the issuer sends the browser back, and where a login and a logout end by default.
pub(crate) const LOGIN: &str = "/login";
pub(crate) const CALLBACK: &str = "/login/callback";
pub(crate) const LOGOUT: &str = "/logout";
pub(crate) const SESSION: &str = "/session";

/// The logins and sessions of browsers. Clones share all of it.
#[derive(Debug, Clone)]
pub struct Logins(pub(crate) Arc<Parts>);

#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) public: PublicUrl,
    pub(crate) cookies: Cookies,
    pub(crate) keys: Reloaded<SessionKeys>,
    pub(crate) tokens: Option<BearerTokens>,
    issuers: Option<Issuers>,
    pub(crate) sessions: Sessions,
    pub(crate) clock: Arc<dyn Clock>,
}

/// How a person can log in.
pub(crate) enum Way<'a> {
    Issuer(Login),
    Token(&'a BearerTokens),
}

/// By what persons log in, and where their sessions are kept.
#[derive(Debug)]
pub struct Options {
    /// Where browsers find the bridge.
    pub public: PublicUrl,
    /// The file with the keys: one or two lines of 32 bytes as Base64.
    pub keys: SettingFile,
    /// The named tokens. They serve if no issuer has a login.
    pub tokens: Option<BearerTokens>,
    /// The issuers.
    pub issuers: Option<Issuers>,
    /// The use cases.
    pub sessions: Sessions,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Logins {
    /// Reads the keys.
    ///
    /// # Errors
    /// Returns an error if they cannot be used.
    pub fn open(options: Options) -> Result<Self, FileError> {
        let Options { public, keys: file, tokens, issuers, sessions, clock } = options;
        let cookies = Cookies { is_secure: public.is_secure() };
        let keys =
            Reloaded::load(vec![file.clone()], move |content| SessionKeys::read(&file, &content.concat()))?;
        Ok(Self(Arc::new(Parts { public, cookies, keys, tokens, issuers, sessions, clock })))
    }

    /// Returns whether anybody can log in.
    pub fn has_way(&self) -> bool {
        self.way().is_some()
    }

    pub(crate) fn way(&self) -> Option<Way<'_>> {
        match self.issuer() {
            Some(issuer) => Some(Way::Issuer(issuer)),
            None => self.0.tokens.as_ref().map(Way::Token),
        }
    }

    pub(crate) fn issuer(&self) -> Option<Login> {
        self.0.issuers.as_ref()?.login()
    }
}
