//! The responses to callers that are not accepted.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use workflow_api::Problem;

use super::issuers::TokenFault;
use super::sessions::SessionFault;
use crate::problem::ProblemResponse;

/// Why a caller is not accepted.
pub(super) enum Refusal {
    NoCertificate,
    NoProxy,
    NoToken,
    Token(TokenFault),
    /// While the caller waited, what it has shown has become somebody else's.
    Changed,
    Session(SessionFault),
    /// With our own origin.
    CrossOrigin(String),
    CrossSite,
}

/// The protection space (RFC 9110): all our processes are one.
const REALM: &str = "Bearer realm=\"workflows\"";

impl Refusal {
    /// Whether the caller may be accepted as soon as the database is back.
    pub(super) fn passes(&self) -> bool {
        matches!(self, Self::Session(SessionFault::Unavailable))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::NoCertificate => {
                let text = "this path needs a client certificate";
                ProblemResponse::new(Problem::new(403, "certificate_required", text)).into_response()
            }
            Self::NoProxy => {
                let text = "this path accepts only users that its proxy names; call it through the proxy";
                ProblemResponse::new(Problem::new(403, "proxy_required", text)).into_response()
            }
            Self::NoToken => {
                challenged("send a bearer token in one `Authorization` header", REALM.to_owned())
            }
            Self::Changed => challenged(
                "the credentials belong to another caller now; send the request again",
                REALM.to_owned(),
            ),
            Self::Token(fault @ TokenFault::NoKeys) => {
                let problem = Problem::new(503, "issuer_unavailable", fault.to_string());
                ProblemResponse::new(problem).retry_after(Duration::from_secs(10)).into_response()
            }
            Self::Session(fault @ SessionFault::Unavailable) => {
                let problem = Problem::new(503, "database_unavailable", fault.to_string());
                ProblemResponse::new(problem).retry_after(Duration::from_secs(1)).into_response()
            }
            Self::Session(fault @ SessionFault::Ended) => challenged(&fault.to_string(), REALM.to_owned()),
            Self::CrossOrigin(origin) => {
                let text = format!(
                    "a change by the cookie of a session must come from a page of {origin}; a program sends a bearer \
                     token instead"
                );
                ProblemResponse::new(Problem::new(403, "cross_origin", text)).into_response()
            }
            Self::CrossSite => {
                let text = "a page of another site has sent this change; send it by a program, or by a page of this site";
                ProblemResponse::new(Problem::new(403, "cross_origin", text)).into_response()
            }
            Self::Token(fault) => {
                let text = fault.to_string();
                let challenge = format!("{REALM}, error=\"invalid_token\", error_description=\"{text}\"");
                challenged(&text, challenge)
            }
        }
    }
}

/// 401 with a challenge (RFC 6750).
fn challenged(text: &str, challenge: String) -> Response {
    let mut response = ProblemResponse::new(Problem::new(401, "unauthorized", text)).into_response();
    // Challenges are made of our own texts, which are visible ASCII.
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}
