//! Login and sessions of browsers at the bridge. No token goes to the browser: it gets an encrypted cookie, which names
//! a session in the database.
//!
//! A person logs in at the issuer that the settings name for that, or else with a named token. [`Logins`] is what
//! `service::auth` asks for the session of a request, and [`router`] has the pages.
#![warn(missing_docs)]

mod attempt;
mod cookie;
mod failure;
mod keys;
mod logout;
mod page;
mod place;
mod session;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use bridge_core::{Clock, Sessions};
use service::auth::{BearerTokens, Issuers, Login};
use service::files::{FileError, Reloaded, SettingFile};

pub use place::PublicUrl;

use crate::cookie::Cookies;
use crate::keys::SessionKeys;

/// Where a login begins, where the issuer sends the browser back, and where a login and a logout end by default.
const LOGIN: &str = "/login";
const CALLBACK: &str = "/login/callback";
const LOGOUT: &str = "/logout";
const SESSION: &str = "/session";

/// The logins and sessions of browsers. Clones share all of it.
#[derive(Debug, Clone)]
pub struct Logins(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    public: PublicUrl,
    cookies: Cookies,
    keys: Reloaded<SessionKeys>,
    tokens: Option<BearerTokens>,
    issuers: Option<Issuers>,
    sessions: Sessions,
    clock: Arc<dyn Clock>,
}

/// How a person can log in.
enum Way<'a> {
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

    fn way(&self) -> Option<Way<'_>> {
        match self.issuer() {
            Some(issuer) => Some(Way::Issuer(issuer)),
            None => self.0.tokens.as_ref().map(Way::Token),
        }
    }

    fn issuer(&self) -> Option<Login> {
        self.0.issuers.as_ref()?.login()
    }
}

/// Returns the pages. Whoever has no session yet must reach them.
pub fn router(logins: Logins) -> Router {
    Router::new()
        .route(LOGIN, get(attempt::begin).post(attempt::with_token))
        .route(CALLBACK, get(attempt::complete))
        .route(LOGOUT, post(logout::log_out))
        .route(SESSION, get(logout::show))
        .with_state(logins)
}
