//! Authentication of callers: by bearer token (RFC 6750), of a file or signed by an issuer; by TLS client certificate;
//! by the user header of a trusted proxy; or by the cookie of a session, for browsers.
//!
//! [`authenticated`] puts the [`Identity`] of the caller into each request. No other place decides who a caller is.

mod certificate;
mod identity;
mod issuers;
mod lasting;
mod networks;
mod new_token;
mod proxies;
mod refusal;
mod sessions;
mod subjects;
mod tokens;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header::{AUTHORIZATION, CACHE_CONTROL, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::runtime::Handle;

pub(crate) use certificate::Certified;
pub use identity::{Identity, Proof};
pub use issuers::{Issuers, LoggedIn, Login, LoginAttempt, LoginFault, LoginResponse};
pub use networks::Networks;
pub use new_token::{NewToken, NewTokenError};
pub use proxies::TrustedProxies;
pub use sessions::{Session, SessionEnd, SessionFault, Sessions, is_same_origin};
pub use subjects::Subjects;
use tokens::bearer;
pub use tokens::{BearerTokens, TokenDigest};

use issuers::TokenFault;
use lasting::Caller;
use refusal::Refusal;
use sessions::is_cross_site;

/// What a caller must show to be accepted, and what is believed about its identity. By default every caller is
/// accepted, and no header is believed.
#[derive(Debug, Clone, Default)]
pub struct Authenticator {
    /// A caller with one of these tokens is accepted.
    pub tokens: Option<BearerTokens>,
    /// A caller with a token of one of these issuers is accepted.
    pub issuers: Option<Issuers>,
    /// A caller that shows a certificate, which the listener's TLS has verified, is accepted without a token.
    pub certificate: bool,
    /// The peers whose user header is believed. Where tokens or certificates are required, they need them too.
    pub proxies: TrustedProxies,
    /// The header in which a trusted proxy names the user.
    pub user_header: Option<HeaderName>,
    /// The networks from which callers are accepted that show nothing.
    pub anonymous: Networks,
    /// A browser with the cookie of one of these sessions is accepted as if it had sent the token that it logged in
    /// with.
    pub sessions: Option<Arc<dyn Sessions>>,
}

/// A caller that is accepted, and the session that it was accepted by.
struct Accepted {
    identity: Identity,
    session: Option<Session>,
}

impl From<Identity> for Accepted {
    fn from(identity: Identity) -> Self {
        Self { identity, session: None }
    }
}

/// Accepts the callers that satisfy `authenticator`, and puts the [`Identity`] of each into its request. Others get
/// 401, or 403 if no token would be accepted.
///
/// The first of these that is present gives the identity: the user header of a trusted proxy, the certificate, the
/// bearer token, the session. A cookie does not count beside an `Authorization` header. A change (any method but GET,
/// HEAD, OPTIONS and TRACE) by a session gets 403 `cross_origin` unless a page of our own origin has sent it. So does
/// every change that a page of another site has sent, whoever is accepted: a browser also adds a certificate, or a
/// proxy's cookie, or reaches a process of its own machine.
///
/// While a response lasts, its caller is looked at again each second: a wait or a stream of somebody who would be
/// refused now is cut off.
///
/// [`limited`](crate::http::limited) counts by identity, so it goes inside: `authenticated(limited(router, …), …)`.
///
/// In a Tokio runtime, the keys of issuers are fetched at once; else for the first token.
pub fn authenticated(router: Router, authenticator: Authenticator) -> Router {
    if let Some(issuers) = authenticator.issuers.clone() {
        issuers::describe();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { issuers.prepare().await });
        }
    }
    router.layer(from_fn_with_state(Arc::new(authenticator), admit))
}

async fn admit(State(authenticator): State<Arc<Authenticator>>, request: Request, next: Next) -> Response {
    // A reference to the body would make the future stay on one thread.
    let (mut parts, body) = request.into_parts();
    let Accepted { identity, session } = match authenticator.identify(&parts).await {
        Ok(accepted) => accepted,
        Err(refusal) => return refusal.into_response(),
    };
    if !parts.method.is_safe() && is_cross_site(&parts.headers) {
        return Refusal::CrossSite.into_response();
    }
    let caller = authenticator.is_set_up().then(|| caller(&authenticator, &parts, &identity));
    parts.extensions.insert(identity);
    let renewal = session.and_then(|session| {
        parts.extensions.insert(SessionEnd(session.expires));
        session.renewal
    });
    let response = next.run(Request::from_parts(parts, body));
    let response = async {
        match caller {
            Some(caller) => caller.served(response).await,
            None => response.await,
        }
    };
    let Some(renewal) = renewal else { return response.await };
    // Beside the request, because an issuer may take its time.
    let (mut response, cookie) = tokio::join!(response, renewal);
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The caller, who is looked at again while its response lasts.
fn caller(authenticator: &Arc<Authenticator>, shown: &Parts, identity: &Identity) -> Caller {
    let (authenticator, reads, shown) =
        (Arc::clone(authenticator), shown.method.is_safe(), Arc::new(shown.clone()));
    let again = move || {
        let (authenticator, shown) = (Arc::clone(&authenticator), Arc::clone(&shown));
        async move { authenticator.identify(&shown).await.map(|accepted| accepted.identity) }.boxed()
    };
    Caller { identity: identity.clone(), reads, again: Box::new(again) }
}

impl Authenticator {
    /// Whether a caller must show something, or is believed something.
    fn is_set_up(&self) -> bool {
        self.takes_tokens() || self.certificate || !self.proxies.is_empty()
    }

    fn takes_tokens(&self) -> bool {
        self.tokens.is_some() || self.issuers.is_some()
    }

    async fn identify(&self, request: &Parts) -> Result<Accepted, Refusal> {
        let certified = request.extensions.get::<Certified>().map(|certified| &certified.0);
        let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip());
        let shown = self.by_proxy(&request.headers, peer, certified).or_else(|| certified.cloned());
        let is_proof_enough = self.certificate || !self.takes_tokens();
        if !self.is_set_up() || (is_proof_enough && shown.is_some()) {
            return Ok(shown.unwrap_or_default().into());
        }
        if let Some(session) = self.by_session(request).await? {
            let identity = shown.unwrap_or_else(|| session.identity.clone());
            return Ok(Accepted { identity, session: Some(session) });
        }
        // A caller that sends a wrong token must learn that, and not go on as nobody.
        let shows_token = self.takes_tokens() && request.headers.contains_key(AUTHORIZATION);
        if shown.is_none() && !shows_token && self.anonymous.contain(peer) {
            return Ok(Identity::default().into());
        }
        let by_token = self.by_token(&request.headers).await?;
        Ok(shown.unwrap_or(by_token).into())
    }

    /// Returns the session of a browser, if the request has its cookie and no `Authorization` header.
    async fn by_session(&self, request: &Parts) -> Result<Option<Session>, Refusal> {
        let Some(sessions) = &self.sessions else { return Ok(None) };
        if request.headers.contains_key(AUTHORIZATION) {
            return Ok(None);
        }
        let session = sessions.find(&request.headers).await.map_err(Refusal::Session)?;
        // Browsers send cookies also with requests that the pages of others make.
        let is_change = session.is_some() && !request.method.is_safe();
        if is_change && !is_same_origin(&request.headers, sessions.origin()) {
            return Err(Refusal::CrossOrigin(sessions.origin().to_owned()));
        }
        Ok(session)
    }

    /// Returns the owner of the token. If no tokens are accepted, what the caller lacks is something else.
    async fn by_token(&self, headers: &HeaderMap) -> Result<Identity, Refusal> {
        if !self.takes_tokens() {
            return Err(if self.certificate { Refusal::NoCertificate } else { Refusal::NoProxy });
        }
        let token = bearer(headers).ok_or(Refusal::NoToken)?;
        let owner = self.tokens.as_ref().and_then(|tokens| tokens.owner(token));
        match (owner, &self.issuers) {
            (Some(owner), _) => Ok(owner),
            (None, Some(issuers)) => issuers.owner(token).await.map_err(Refusal::Token),
            (None, None) => Err(Refusal::Token(TokenFault::Unknown)),
        }
    }

    /// Returns the user that a trusted proxy names in one header. If there are several, any of them may be the
    /// caller's.
    fn by_proxy(
        &self,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
        certified: Option<&Identity>,
    ) -> Option<Identity> {
        if !self.proxies.trust(peer, certified.map(Identity::name)) {
            return None;
        }
        let mut users = headers.get_all(self.user_header.as_ref()?).iter();
        let (Some(user), None) = (users.next(), users.next()) else { return None };
        // Names of users are often more than ASCII.
        let identity = Identity::new(String::from_utf8_lossy(user.as_bytes()), Proof::Proxy);
        (!identity.name().is_empty()).then_some(identity)
    }
}
