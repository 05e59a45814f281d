//! The pages. They have no scripts, and nothing of other sites.

use std::sync::LazyLock;

use askama::Template;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use sha2::{Digest, Sha256};

/// The only style, which the pages have in place.
const STYLE: &str = include_str!("../templates/style.css");

/// Permits the style by its digest, and forms that lead to us.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )
});

/// Asks for a named token.
#[derive(Template)]
#[template(path = "token.html")]
pub(crate) struct TokenPage<'a> {
    pub(crate) back: &'a str,
    pub(crate) fault: Option<&'a str>,
}

/// Shows who is logged in.
#[derive(Template)]
#[template(path = "session.html")]
pub(crate) struct SessionPage<'a> {
    pub(crate) person: Option<&'a str>,
    pub(crate) issuer: &'a str,
}

/// Shows why something failed.
#[derive(Template)]
#[template(path = "failure.html")]
pub(crate) struct FailurePage<'a> {
    pub(crate) text: &'a str,
}

pub(crate) fn token(status: StatusCode, page: &TokenPage<'_>) -> Response {
    answer(status, page, None)
}

/// `elsewhere` is the origin to which a logout leads on: browsers apply the policy to redirects of a form as well.
pub(crate) fn session(page: &SessionPage<'_>, elsewhere: Option<&str>) -> Response {
    answer(StatusCode::OK, page, elsewhere)
}

pub(crate) fn failure(status: StatusCode, page: &FailurePage<'_>) -> Response {
    answer(status, page, None)
}

fn answer(status: StatusCode, page: &impl Template, elsewhere: Option<&str>) -> Response {
    let Ok(text) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let policy = format!("{} {}", *POLICY, elsewhere.unwrap_or_default());
    let headers: [(HeaderName, &str); 5] = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy.trim()),
        (CACHE_CONTROL, "no-store"),
        // With `no-referrer`, browsers would send forms with the origin `null`.
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let mut response = (status, text).into_response();
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
