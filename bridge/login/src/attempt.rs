//! Logins: at the issuer, or with a named token.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use service::auth::{Identity, Login, LoginAttempt, LoginResponse, TokenDigest, is_same_origin};
use url::form_urlencoded::parse;

use crate::cookie;
use crate::failure::Failure;
use crate::keys::Purpose;
use crate::logins::{CALLBACK, Logins, SESSION, Way};
use crate::page::{self, TokenPage};
use crate::session::Proven;

/// How long a person has to log in at the issuer.
const ATTEMPT: SignedDuration = SignedDuration::from_mins(10);
/// No token is larger.
const FORM: usize = 16 << 10;

/// The cookie of a login that is not complete, before it is encrypted.
#[derive(Serialize, Deserialize)]
struct Begun {
    attempt: LoginAttempt,
    /// Where to go afterwards.
    back: String,
    /// In seconds since 1970.
    expires: i64,
}

/// `GET /login?return=PATH`: leads to the issuer, or asks for a token.
pub(crate) async fn begin(State(logins): State<Logins>, request: Parts) -> Response {
    let query = request.uri.query().unwrap_or_default().as_bytes();
    let back = logins.back(field(query, "return"));
    match logins.way() {
        Some(Way::Issuer(issuer)) => match logins.to_issuer(&issuer, back).await {
            Ok(response) => response,
            Err(failure) => failure.answer(&request.headers),
        },
        Some(Way::Token(_)) => page::token(StatusCode::OK, &TokenPage { back: &back, fault: None }),
        None => Failure::no_way().answer(&request.headers),
    }
}

/// `POST /login`: begins a session of the owner of a named token.
pub(crate) async fn with_token(State(logins): State<Logins>, request: Parts, body: Bytes) -> Response {
    match logins.log_in_with_token(&request, &body).await {
        Ok(response) => response,
        Err(failure) => failure.answer(&request.headers),
    }
}

/// `GET /login/callback`: the issuer has sent the browser back.
pub(crate) async fn complete(State(logins): State<Logins>, request: Parts) -> Response {
    let query = request.uri.query().unwrap_or_default().as_bytes();
    let state = field(query, "state").unwrap_or_default();
    let name = logins.0.cookies.login(&state);
    let completed = logins.complete(&request, query, &state, &name).await;
    let mut response = completed.unwrap_or_else(|failure| failure.answer(&request.headers));
    // One attempt has one response.
    append(response.headers_mut(), logins.0.cookies.delete(&name));
    response
}

impl Logins {
    /// Leads the browser to the issuer, with a cookie that knows it again.
    async fn to_issuer(&self, issuer: &Login, back: String) -> Result<Response, Failure> {
        let attempt = LoginAttempt::new().ok_or_else(Failure::random)?;
        let url = issuer.begin(&attempt, &self.0.public.at(CALLBACK)).await;
        let url = url.map_err(|fault| Failure::issuer(issuer.name(), &fault))?;
        let name = self.0.cookies.login(&attempt.state);
        let expires = self.0.clock.now().as_second() + ATTEMPT.as_secs();
        let sealed = self.0.keys.current().seal(Purpose::Login, &Begun { attempt, back, expires });
        let value = URL_SAFE_NO_PAD.encode(sealed.ok_or_else(Failure::random)?);
        Ok(redirect(url.as_str(), self.0.cookies.set(&name, &value, ATTEMPT)))
    }

    async fn complete(
        &self,
        request: &Parts,
        query: &[u8],
        state: &str,
        name: &str,
    ) -> Result<Response, Failure> {
        let begun = self.begun(&request.headers, state, name);
        let outcome = match begun {
            Some(begun) => self.with_response(request, query, begun).await,
            None => Err(Failure::no_attempt()),
        };
        if let Err(failure) = &outcome {
            self.refused(request, failure).await;
        }
        outcome
    }

    /// Returns the attempt with this state that this browser has begun, unless it is too old.
    fn begun(&self, headers: &HeaderMap, state: &str, name: &str) -> Option<Begun> {
        let sealed = URL_SAFE_NO_PAD.decode(cookie::value(headers, name)?).ok()?;
        let begun: Begun = self.0.keys.current().open(Purpose::Login, &sealed)?;
        let is_current = self.0.clock.now().as_second() < begun.expires;
        (is_current && begun.attempt.state == state).then_some(begun)
    }

    async fn with_response(&self, request: &Parts, query: &[u8], begun: Begun) -> Result<Response, Failure> {
        let issuer = self.issuer().ok_or_else(Failure::no_way)?;
        if let Some(error) = field(query, "error") {
            return Err(Failure::refused(issuer.name(), &error));
        }
        let (code, named) = (field(query, "code").unwrap_or_default(), field(query, "iss"));
        let response = LoginResponse { code: &code, issuer: named.as_deref() };
        let person = issuer.complete(&begun.attempt, response, &self.0.public.at(CALLBACK)).await;
        let person = person.map_err(|fault| Failure::issuer(issuer.name(), &fault))?;
        let by = Proven::Issuer { url: issuer.url().to_owned(), person: Box::new(person) };
        self.log_in(request, by, &begun.back).await
    }

    async fn log_in_with_token(&self, request: &Parts, body: &[u8]) -> Result<Response, Failure> {
        let Some(Way::Token(tokens)) = self.way() else { return Err(Failure::no_way()) };
        // A page of another site must not log a browser in.
        if !is_same_origin(&request.headers, self.0.public.origin()) {
            return Err(Failure::cross_origin(self.0.public.origin()));
        }
        let body = body.get(..FORM).unwrap_or(body);
        let back = self.back(field(body, "return"));
        let digest = TokenDigest::of(field(body, "token").unwrap_or_default().trim().as_bytes());
        if tokens.owner_of(&digest).is_some() {
            return self.log_in(request, Proven::Token(digest), &back).await;
        }
        let failure = Failure::token();
        self.refused(request, &failure).await;
        let fault = Some(failure.text());
        Ok(page::token(StatusCode::UNAUTHORIZED, &TokenPage { back: &back, fault }))
    }

    /// Begins a session, and ends the one that the browser had.
    async fn log_in(&self, parts: &Parts, by: Proven, back: &str) -> Result<Response, Failure> {
        let identity = self.identity(&by).ok_or_else(Failure::no_way)?;
        let request = self.request(parts, &identity);
        let former = cookie::value(&parts.headers, &self.0.cookies.session());
        let set = self.begin(&request, by).await?;
        if let Some(former) = former.and_then(|cookie| self.ticket(cookie)) {
            self.end(&request, &former.id).await;
        }
        Ok(redirect(back, Some(set)))
    }

    async fn refused(&self, request: &Parts, failure: &Failure) {
        let request = self.request(request, &Identity::default());
        self.0.sessions.refused(&request, failure.text()).await;
    }

    pub(crate) fn request(&self, parts: &Parts, identity: &Identity) -> bridge_core::Request {
        let actor = bridge_http::actor(identity);
        bridge_core::Request { actor, ..bridge_http::context(parts, &*self.0.clock) }
    }

    /// Returns the path to go to afterwards. One that is not ours is not used.
    fn back(&self, asked: Option<String>) -> String {
        asked.filter(|path| self.0.public.is_ours(path)).unwrap_or_else(|| SESSION.to_owned())
    }
}

/// Returns the first field of this name in a query or a form.
fn field(form: &[u8], name: &str) -> Option<String> {
    parse(form).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// Leads the browser to a place with a GET, and sets a cookie.
pub(crate) fn redirect(to: &str, cookie: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(to) = HeaderValue::try_from(to) {
        headers.insert(LOCATION, to);
    }
    append(headers, cookie);
    response
}

fn append(headers: &mut HeaderMap, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        headers.append(SET_COOKIE, cookie);
    }
}
