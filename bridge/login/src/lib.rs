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
mod logins;
mod logout;
mod page;
mod place;
mod session;

use axum::Router;
use axum::routing::{get, post};

pub use logins::{Logins, Options};
pub use place::PublicUrl;

use crate::logins::{CALLBACK, LOGIN, LOGOUT, SESSION};

/// Returns the pages. Whoever has no session yet must reach them.
pub fn router(logins: Logins) -> Router {
    Router::new()
        .route(LOGIN, get(attempt::begin).post(attempt::with_token))
        .route(CALLBACK, get(attempt::complete))
        .route(LOGOUT, post(logout::log_out))
        .route(SESSION, get(logout::show))
        .with_state(logins)
}
