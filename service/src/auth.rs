//! Who calls, and who is let in: by bearer token (RFC 6750), by TLS client certificate, or by the word of a trusted
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
pub use proxies::{TrustedProxies, TrustedProxiesError};
pub use tokens::BearerTokens;
use tokens::bearer;

use crate::problem::ProblemResponse;

/// What a caller must show to be let in, and what is believed about who it is. By default everybody is let in, and no
/// header is believed.
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

/// Why a caller is not let in.
enum Refusal {
    NoCertificate,
    NoToken,
    UnknownToken,
}

/// Lets in the callers that satisfy `authenticator`, and puts the [`Identity`] of each into its request. Others get
/// 401, or 403 where only a certificate would do.
///
/// The first of these that there is gives the identity: the user header of a trusted proxy, the certificate, the
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
                .or_else(|| certified.map(Certified::identity))
                .or_else(|| by_token.ok())
                .unwrap_or_default()),
        }
    }

    /// The owner of the token; where there are no tokens, a certificate is what the caller lacks.
    fn by_token(&self, headers: &HeaderMap) -> Result<Identity, Refusal> {
        let tokens = self.tokens.as_ref().ok_or(Refusal::NoCertificate)?;
        let token = bearer(headers).ok_or(Refusal::NoToken)?;
        tokens.owner(token).ok_or(Refusal::UnknownToken)
    }

    /// The user that a trusted proxy names in one header. Of several, none is known to be the proxy's own.
    fn by_proxy(&self, request: &Request, certified: Option<&Certified>) -> Option<Identity> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip());
        if !self.proxies.trust(peer, certified.map(Certified::name)) {
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
                let text = "show a client certificate: this needs one";
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

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use http::header::AUTHORIZATION;
    use tower::ServiceExt;

    use super::*;
    use crate::files::SettingFile;

    fn file(content: &str) -> (tempfile::NamedTempFile, SettingFile) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let setting = SettingFile::of("BEARER_TOKENS", file.path());
        (file, setting)
    }

    async fn ask(authenticator: &Authenticator, authorization: &[&str], certified: bool) -> Response {
        let mut request = Request::get("/").body(Body::empty()).unwrap();
        for value in authorization {
            request.headers_mut().append(AUTHORIZATION, value.parse().unwrap());
        }
        if certified {
            let certificate = rcgen::generate_simple_self_signed(["caller".to_owned()]).unwrap().cert;
            request.extensions_mut().insert(Certified::new(certificate.der()));
        }
        let router = Router::new().route("/", get(|| async {}));
        authenticated(router, authenticator.clone()).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn only_known_tokens_are_let_in() {
        let (_keep, file) = file("# the bridge\none\n\n  two  \n");
        let authenticator =
            Authenticator { tokens: Some(BearerTokens::load(file).unwrap()), ..Authenticator::default() };
        for authorization in ["Bearer one", "bearer two", "BEARER   one"] {
            assert_eq!(ask(&authenticator, &[authorization], false).await.status(), 200, "{authorization}");
        }
        for authorization in [
            &[][..],
            &["one"],
            &["Basic one"],
            &["Bearer"],
            &["Bearer "],
            &["Bearer on"],
            &["Bearer one2"],
            &["Bearer # the bridge"],
            &["Bearer one", "Bearer one"],
        ] {
            let refused = ask(&authenticator, authorization, true).await;
            assert_eq!(refused.status(), 401, "{authorization:?}");
            let challenge = refused.headers()[WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.starts_with("Bearer"), "{challenge}");
        }
    }

    #[tokio::test]
    async fn a_certificate_may_do_instead() {
        let (_keep, file) = file("one");
        let tokens = Some(BearerTokens::load(file).unwrap());
        let either = Authenticator { tokens, certificate: true, ..Authenticator::default() };
        assert_eq!(ask(&either, &[], true).await.status(), 200);
        assert_eq!(ask(&either, &["Bearer one"], false).await.status(), 200);
        assert_eq!(ask(&either, &[], false).await.status(), 401);
        let certificate = Authenticator { certificate: true, ..Authenticator::default() };
        assert_eq!(ask(&certificate, &[], true).await.status(), 200);
        assert_eq!(ask(&certificate, &["Bearer one"], false).await.status(), 403);
        assert_eq!(ask(&Authenticator::default(), &[], false).await.status(), 200);
    }
}
