//! Logout, and the page that shows who is logged in.

use axum::extract::State;
use axum::response::Response;
use http::request::Parts;
use service::auth::{Identity, SessionFault, Sessions, is_same_origin};
use url::Url;

use crate::attempt::redirect;
use crate::cookie;
use crate::failure::Failure;
use crate::logins::{Logins, SESSION};
use crate::page::{self, SessionPage};

/// `POST /logout`: ends the session on all replicas, and leads to the issuer if one can log out there as well.
pub(crate) async fn log_out(State(logins): State<Logins>, request: Parts) -> Response {
    if !is_same_origin(&request.headers, logins.origin()) {
        return Failure::cross_origin(logins.origin()).answer(&request.headers);
    }
    // The cookie of a session that has ended is deleted as well.
    let person = logins.person(&request).await.ok().flatten();
    let cookie = cookie::value(&request.headers, &logins.0.cookies.session());
    if let Some(ticket) = cookie.and_then(|cookie| logins.ticket(cookie)) {
        let identity = person.clone().unwrap_or_default();
        if !logins.end(&logins.request(&request, &identity), &ticket.id).await {
            return Failure::unavailable().answer(&request.headers);
        }
    }
    let elsewhere = logins.elsewhere(person.as_ref()).await;
    let delete = logins.0.cookies.delete(&logins.0.cookies.session());
    redirect(elsewhere.as_ref().map_or(SESSION, Url::as_str), delete)
}

/// `GET /session`: a page with the name of the person, and a button to log out.
pub(crate) async fn show(State(logins): State<Logins>, request: Parts) -> Response {
    let person = match logins.person(&request).await {
        Err(SessionFault::Unavailable) => return Failure::unavailable().answer(&request.headers),
        person => person.ok().flatten(),
    };
    let elsewhere = logins.elsewhere(person.as_ref()).await;
    let elsewhere = elsewhere.map(|url| url.origin().ascii_serialization());
    let issuer = person.as_ref().map(Identity::issuer).unwrap_or_default();
    page::session(&SessionPage { person: person.as_ref().map(Identity::name), issuer }, elsewhere.as_deref())
}

impl Logins {
    async fn person(&self, request: &Parts) -> Result<Option<Identity>, SessionFault> {
        let session = self.find(&request.headers).await?;
        Ok(session.map(|session| session.identity))
    }

    /// Returns where a person logs out at the issuer too.
    async fn elsewhere(&self, person: Option<&Identity>) -> Option<Url> {
        let issuer =
            self.issuer().filter(|issuer| person.is_some_and(|person| person.issuer() == issuer.name()))?;
        issuer.end(&self.0.public.at(SESSION)).await
    }
}
