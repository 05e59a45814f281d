//! Authentication of callers: by bearer token (RFC 6750), of a file or signed by an issuer; by TLS client certificate;
//! or by the user header of a trusted proxy.
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
mod subjects;
mod tokens;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use tokio::runtime::Handle;

pub(crate) use certificate::Certified;
pub use identity::{Identity, Proof};
pub use issuers::Issuers;
pub use networks::Networks;
pub use new_token::{NewToken, NewTokenError};
pub use proxies::TrustedProxies;
pub use subjects::Subjects;
pub use tokens::BearerTokens;
use tokens::bearer;

use issuers::TokenFault;
use lasting::Caller;
use refusal::Refusal;

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
}

/// Accepts the callers that satisfy `authenticator`, and puts the [`Identity`] of each into its request. Others get
/// 401, or 403 if no token would be accepted.
///
/// The first of these that is present gives the identity: the user header of a trusted proxy, the certificate, the
/// bearer token.
///
/// While a response lasts, its caller is looked at again each second: a wait or a stream of somebody who would be refused
/// now is cut off.
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
    match authenticator.identify(&parts).await {
        Ok(identity) => {
            let caller = authenticator.is_set_up().then(|| caller(&authenticator, &parts, &identity));
            parts.extensions.insert(identity);
            let response = next.run(Request::from_parts(parts, body));
            match caller {
                Some(caller) => caller.served(response).await,
                None => response.await,
            }
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// The caller, who is looked at again while its response lasts.
fn caller(authenticator: &Arc<Authenticator>, shown: &Parts, identity: &Identity) -> Caller {
    let (authenticator, reads, shown) =
        (Arc::clone(authenticator), shown.method.is_safe(), Arc::new(shown.clone()));
    let again = move || {
        let (authenticator, shown) = (Arc::clone(&authenticator), Arc::clone(&shown));
        async move { authenticator.identify(&shown).await }.boxed()
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

    async fn identify(&self, request: &Parts) -> Result<Identity, Refusal> {
        let certified = request.extensions.get::<Certified>().map(|certified| &certified.0);
        let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip());
        let shown = self.by_proxy(&request.headers, peer, certified).or_else(|| certified.cloned());
        let is_proof_enough = self.certificate || !self.takes_tokens();
        // A caller that sends a wrong token must learn that, and not go on as nobody.
        let shows_token = self.takes_tokens() && request.headers.contains_key(AUTHORIZATION);
        let shows_nothing = shown.is_none() && !shows_token;
        let needs_no_token = !self.is_set_up()
            || (is_proof_enough && shown.is_some())
            || (shows_nothing && self.anonymous.contain(peer));
        if needs_no_token {
            return Ok(shown.unwrap_or_default());
        }
        let by_token = self.by_token(&request.headers).await?;
        Ok(shown.unwrap_or(by_token))
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
