//! Why a login or a logout failed: a page for browsers, a problem for programs.

use std::error::Error;

use axum::response::{IntoResponse, Response};
use bridge_core::ports::StoreError;
use http::header::ACCEPT;
use http::{HeaderMap, StatusCode};
use service::auth::LoginFault;
use service::problem::ProblemResponse;
use workflow_api::{Problem, chain};

use crate::page::{self, FailurePage};

/// Why a login or a logout failed.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: &'static str,
    text: String,
}

impl Failure {
    fn new(status: StatusCode, code: &'static str, text: impl Into<String>) -> Self {
        Self { status, code, text: text.into() }
    }

    /// There is neither an issuer with a login nor a file of tokens.
    pub(crate) fn no_way() -> Self {
        let text = "nobody can log in with a browser: no issuer has a login, and there are no named tokens";
        Self::new(StatusCode::NOT_FOUND, "no_login", text)
    }

    /// The browser has not begun this login, or too long ago, or it is complete.
    pub(crate) fn no_attempt() -> Self {
        let text = "this browser has not begun this login, or more than 10 minutes ago; log in again";
        Self::new(StatusCode::BAD_REQUEST, "no_such_login", text)
    }

    /// The token is not in the file.
    pub(crate) fn token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "the token is not known here")
    }

    pub(crate) fn cross_origin(origin: &str) -> Self {
        let text = format!("this must come from a page of {origin}");
        Self::new(StatusCode::FORBIDDEN, "cross_origin", text)
    }

    /// The issuer has sent the browser back with an error, whose code anybody can write.
    pub(crate) fn refused(issuer: &str, code: &str) -> Self {
        let is_code =
            code.len() <= 100 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let code = if is_code { code } else { "unknown_error" };
        let text = format!("the issuer {issuer} refused the login: {code}");
        Self::new(StatusCode::FORBIDDEN, "login_refused", text)
    }

    /// The login at the issuer has failed.
    pub(crate) fn issuer(issuer: &str, fault: &LoginFault) -> Self {
        let (status, code) = match fault {
            LoginFault::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "issuer_unavailable"),
            LoginFault::Secret(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
            LoginFault::OtherIssuer | LoginFault::Refused(_) | LoginFault::Token(_) => {
                (StatusCode::FORBIDDEN, "login_refused")
            }
        };
        // Without a cause, it was logged a moment ago: anybody can ask for a login.
        if status.is_server_error() && fault.source().is_some() {
            tracing::error!(issuer, error = chain(fault), "nobody can log in at the issuer");
        }
        Self::new(status, code, format!("login at {issuer}: {fault}"))
    }

    pub(crate) fn store(error: &StoreError) -> Self {
        tracing::error!(error = chain(error), "a session cannot be kept");
        Self::unavailable()
    }

    pub(crate) fn unavailable() -> Self {
        let text = "sessions cannot be kept or looked up now; try again shortly";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_unavailable", text)
    }

    pub(crate) fn random() -> Self {
        let text = "the system gives no random numbers";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", text)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns a page to a browser, and a problem to a program.
    pub(crate) fn answer(self, headers: &HeaderMap) -> Response {
        let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        if accepted.into_iter().any(|value| value.contains("text/html")) {
            return page::failure(self.status, &FailurePage { text: &self.text });
        }
        ProblemResponse::new(Problem::new(self.status.as_u16(), self.code, self.text)).into_response()
    }
}
