//! Authentication of callers: by bearer token (RFC 6750), by TLS client certificate, or by the user header of a trusted
//! proxy.
//!
//! [`authenticated`] puts the [`Identity`] of the caller into each request. No other place decides who a caller is.

mod certificate;
mod identity;
mod proxies;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderName, HeaderValue};
use workflow_api::Problem;

pub(crate) use certificate::Certified;
pub use identity::{Identity, Proof};
pub use proxies::TrustedProxies;
pub use tokens::BearerTokens;
use tokens::bearer;

use crate::problem::ProblemResponse;

/// What a caller must show to be accepted, and what is believed about its identity. By default every caller is
/// accepted, and no header is believed.
#[derive(Debug, Clone, Default)]
pub struct Authenticator {
    /// A caller must send one of these tokens.
    pub tokens: Option<BearerTokens>,
    /// A caller must show a certificate, which the listener's TLS has verified. A caller that shows one needs no token.
    pub certificate: bool,
    /// The peers whose user header is believed.
    pub proxies: TrustedProxies,
    /// The header in which a trusted proxy names the user.
    pub user_header: Option<HeaderName>,
}

/// Why a caller is not accepted.
enum Refusal {
    NoCertificate,
    NoToken,
    UnknownToken,
}

/// Accepts the callers that satisfy `authenticator`, and puts the [`Identity`] of each into its request. Others get
/// 401, or 403 if only a certificate would be accepted.
///
/// The first of these that is present gives the identity: the user header of a trusted proxy, the certificate, the
/// bearer token.
///
/// [`limited`](crate::http::limited) counts by identity, so it goes inside: `authenticated(limited(router, …), …)`.
pub fn authenticated(router: Router, authenticator: Authenticator) -> Router {
    router.layer(from_fn_with_state(Arc::new(authenticator), admit))
}

async fn admit(
    State(authenticator): State<Arc<Authenticator>>,
    mut request: Request,
    next: Next,
) -> Response {
    match authenticator.identify(&request) {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

impl Authenticator {
    fn identify(&self, request: &Request) -> Result<Identity, Refusal> {
        let certified = request.extensions().get::<Certified>();
        let is_open = self.tokens.is_none() && !self.certificate;
        let needs_no_token = is_open || (self.certificate && certified.is_some());
        match self.by_token(request.headers()) {
            Err(refusal) if !needs_no_token => Err(refusal),
            by_token => Ok(self
                .by_proxy(request, certified)
                .or_else(|| certified.map(|certified| certified.0.clone()))
                .or_else(|| by_token.ok())
                .unwrap_or_default()),
        }
    }

    /// Returns the owner of the token. If there are no tokens, what the caller lacks is a certificate.
    fn by_token(&self, headers: &HeaderMap) -> Result<Identity, Refusal> {
        let tokens = self.tokens.as_ref().ok_or(Refusal::NoCertificate)?;
        let token = bearer(headers).ok_or(Refusal::NoToken)?;
        tokens.owner(token).ok_or(Refusal::UnknownToken)
    }

    /// Returns the user that a trusted proxy names in one header. If there are several, any of them may be the
    /// caller's.
    fn by_proxy(&self, request: &Request, certified: Option<&Certified>) -> Option<Identity> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip());
        if !self.proxies.trust(peer, certified.map(|certified| certified.0.name())) {
            return None;
        }
        let mut users = request.headers().get_all(self.user_header.as_ref()?).iter();
        let (Some(user), None) = (users.next(), users.next()) else { return None };
        // Names of users are often more than ASCII.
        let identity = Identity::new(String::from_utf8_lossy(user.as_bytes()), Proof::Proxy);
        (!identity.name().is_empty()).then_some(identity)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (challenge, text) = match self {
            Self::NoCertificate => {
                let text = "this path needs a client certificate";
                return ProblemResponse::new(Problem::new(403, "certificate_required", text)).into_response();
            }
            Self::NoToken => ("Bearer", "send a bearer token in one `Authorization` header"),
            Self::UnknownToken => ("Bearer error=\"invalid_token\"", "the bearer token is not known here"),
        };
        let mut response = ProblemResponse::new(Problem::new(401, "unauthorized", text)).into_response();
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        response
    }
}
