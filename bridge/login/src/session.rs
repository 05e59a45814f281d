//! Sessions: the cookie names one, and the database has its person. So a logout holds on all replicas at once, and a
//! person of many groups fits as well.

use std::error::Error;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_core::ports::NewSession;
use bridge_core::{Correlation, Request};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use service::auth::{Identity, LoggedIn, Session, SessionFault, Sessions, TokenDigest};
use uuid::Uuid;
use workflow_api::chain;

use crate::cookie;
use crate::failure::Failure;
use crate::keys::Purpose;
use crate::logins::Logins;

/// How long a session lasts that is not used.
const LASTS: SignedDuration = SignedDuration::from_mins(15);
/// A session is renewed by the first request when less than this is left.
const RENEWED: SignedDuration = SignedDuration::from_secs(LASTS.as_secs() / 2);
/// How long a session lasts at most. Then the person logs in again.
const MOST: SignedDuration = SignedDuration::from_hours(12);
/// After a renewal that failed, and while one is under way, how long the issuer is not asked again.
const PAUSE: Duration = Duration::from_secs(30);

/// The cookie of a session, before it is encrypted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ticket {
    /// The session in the database.
    pub(crate) id: String,
    /// When the cookie is worth nothing any more, in seconds since 1970.
    expires: i64,
}

/// What the database keeps of a session, before it is encrypted.
#[derive(Serialize, Deserialize)]
struct Content {
    /// When the person logged in, in seconds since 1970.
    since: i64,
    by: Proven,
}

/// How a person has logged in.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Proven {
    /// By a token that is still in the file.
    Token(TokenDigest),
    /// At an issuer that still has a login.
    Issuer { url: String, person: Box<LoggedIn> },
}

impl Sessions for Logins {
    fn find<'a>(&'a self, headers: &'a HeaderMap) -> BoxFuture<'a, Result<Option<Session>, SessionFault>> {
        async move {
            let Some(cookie) = cookie::value(headers, &self.0.cookies.session()) else { return Ok(None) };
            self.session(cookie).await.map(Some)
        }
        .boxed()
    }

    fn origin(&self) -> &str {
        self.0.public.origin()
    }
}

impl Logins {
    /// Returns the session whose cookie has this value.
    async fn session(&self, cookie: &str) -> Result<Session, SessionFault> {
        let ticket = self.ticket(cookie).ok_or(SessionFault::Ended)?;
        let now = self.0.clock.now();
        let expires = Timestamp::from_second(ticket.expires).map_err(|_| SessionFault::Ended)?;
        if now >= expires {
            return Err(SessionFault::Ended);
        }
        let found = self.0.sessions.find(&ticket.id).await.map_err(|error| {
            tracing::error!(error = chain(&error), "a session cannot be looked up");
            SessionFault::Unavailable
        })?;
        let content =
            found.and_then(|content| self.content(&ticket.id, &content)).ok_or(SessionFault::Ended)?;
        let identity = self.identity(&content.by).ok_or(SessionFault::Ended)?;
        let is_due = expires.duration_since(now) < RENEWED && expiry(content.since, now) > ticket.expires;
        let renewal = is_due.then(|| self.clone().renewed(ticket.id, content, identity.clone()).boxed());
        Ok(Session { identity, expires, renewal })
    }

    /// Returns the content of a cookie, if it is ours.
    pub(crate) fn ticket(&self, cookie: &str) -> Option<Ticket> {
        let sealed = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        self.0.keys.current().open(Purpose::Session, &sealed)
    }

    fn content(&self, id: &str, sealed: &[u8]) -> Option<Content> {
        self.0.keys.current().open(Purpose::Content(id), sealed)
    }

    /// Returns who has logged in so, if that still counts: the token is in the file, or the issuer in the settings.
    pub(crate) fn identity(&self, by: &Proven) -> Option<Identity> {
        match by {
            Proven::Token(digest) => self.0.tokens.as_ref()?.owner_of(digest),
            Proven::Issuer { url, person } => {
                let issuer = self.issuer().filter(|issuer| issuer.url() == url)?;
                Some(person.identity(&issuer))
            }
        }
    }

    /// Begins a session of the person who makes the request. Returns its cookie, as `Set-Cookie` has it.
    pub(crate) async fn begin(&self, request: &Request, by: Proven) -> Result<HeaderValue, Failure> {
        let id = Uuid::new_v4().to_string();
        let since = self.0.clock.now().as_second();
        let content = self.0.keys.current().seal(Purpose::Content(&id), &Content { since, by });
        let content = content.ok_or_else(Failure::random)?;
        let session = NewSession { id: id.clone(), content, lasts: MOST.unsigned_abs() };
        self.0.sessions.begin(request, &session).await.map_err(|error| Failure::store(&error))?;
        self.set_cookie(id, since).ok_or_else(Failure::random)
    }

    /// Returns the cookie of a session, fresh from now on.
    fn set_cookie(&self, id: String, since: i64) -> Option<HeaderValue> {
        let now = self.0.clock.now();
        let ticket = Ticket { id, expires: expiry(since, now) };
        let age = SignedDuration::from_secs(ticket.expires - now.as_second());
        let sealed = self.0.keys.current().seal(Purpose::Session, &ticket)?;
        self.0.cookies.set(&self.0.cookies.session(), &URL_SAFE_NO_PAD.encode(sealed), age)
    }

    /// Renews a session, if what it was proven by still holds. Returns the new cookie.
    async fn renewed(self, id: String, content: Content, identity: Identity) -> Option<HeaderValue> {
        let Proven::Issuer { person, .. } = &content.by else { return self.set_cookie(id, content.since) };
        if !person.can_be_renewed() {
            return None;
        }
        // Goes on if the caller hangs up: the issuer may take its refresh token once.
        tokio::spawn(async move {
            let renewed = self.ask_issuer(&id, &identity).await;
            renewed.then(|| self.set_cookie(id, content.since)).flatten()
        })
        .await
        .ok()
        .flatten()
    }

    /// Asks the issuer whether a login still holds, and keeps the answer. A login that does not hold any more ends.
    async fn ask_issuer(&self, id: &str, identity: &Identity) -> bool {
        let found = match self.0.sessions.to_renew(id, PAUSE).await {
            Ok(found) => found.and_then(|content| self.content(id, &content)),
            Err(error) => {
                failed(&error);
                None
            }
        };
        // Without an answer, another request is at it, or it was a moment ago.
        let Some(Content { since, by: Proven::Issuer { url, person } }) = found else { return false };
        let Some(issuer) = self.issuer().filter(|issuer| *issuer.url() == url) else { return false };
        let person = match issuer.renew(&person).await {
            Ok(person) => Box::new(person),
            Err(fault) if fault.is_final() => {
                tracing::info!(
                    actor = identity.name(),
                    reason = chain(&fault),
                    "the issuer has ended a session"
                );
                self.end(&self.by_the_bridge(identity), id).await;
                return false;
            }
            Err(fault) => {
                failed(&fault);
                return false;
            }
        };
        let content = Content { since, by: Proven::Issuer { url, person } };
        let Some(sealed) = self.0.keys.current().seal(Purpose::Content(id), &content) else { return false };
        self.0.sessions.renew(id, &sealed).await.inspect_err(failed).is_ok()
    }

    /// Ends a session. Returns whether it has ended.
    pub(crate) async fn end(&self, request: &Request, id: &str) -> bool {
        let ended = self.0.sessions.end(request, id).await;
        ended.inspect_err(|error| tracing::error!(error = chain(error), "a session cannot be ended")).is_ok()
    }

    fn by_the_bridge(&self, identity: &Identity) -> Request {
        let (actor, now) = (bridge_http::actor(identity), self.0.clock.now());
        Request {
            actor,
            correlation: Correlation::default(),
            source: bridge_core::model::Source::default(),
            now,
        }
    }
}

fn failed(error: &(impl Error + 'static)) {
    tracing::warn!(error = chain(error), "a session cannot be renewed now");
}

/// Returns when a cookie expires that is made now, of a session since `since`.
fn expiry(since: i64, now: Timestamp) -> i64 {
    (now.as_second() + LASTS.as_secs()).min(since.saturating_add(MOST.as_secs()))
}
