//! Login with the browser of this machine: the code flow with PKCE, which leads back to a port of this machine
//! (RFC 8252).

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use oauth2::{AuthorizationCode, CsrfToken, PkceCodeChallenge, RedirectUrl};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::issuer::Issuer;
use super::tokens::Tokens;
use crate::exit::ended;
use crate::output::note;

const PATH: &str = "/callback";

/// What the browser brings back from the issuer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Response {
    state: String,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    /// RFC 9207.
    iss: Option<String>,
}

/// The login that a browser comes back to.
struct Login {
    state: CsrfToken,
    responses: mpsc::Sender<Response>,
}

/// Leads a browser to the issuer, and waits until it comes back.
pub(super) async fn log_in(issuer: &Issuer<'_>, open: bool, most: Duration) -> Result<Tokens> {
    let Some(url) = issuer.endpoints.authorization_endpoint.clone() else {
        return Err(ended(
            1,
            format!("the issuer {} has no login by browser: use --device", issuer.at.issuer),
        ));
    };
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("cannot listen on this machine")?;
    let redirect = RedirectUrl::new(format!("http://{}{PATH}", listener.local_addr()?))?;
    let client = issuer.client().set_auth_uri(url).set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let request = client.authorize_url(CsrfToken::new_random).add_scopes(issuer.scopes());
    let request =
        issuer.resource().fold(request, |request, (name, value)| request.add_extra_param(name, value));
    let (url, state) = request.set_pkce_challenge(challenge).url();

    let (responses, mut came) = mpsc::channel(1);
    let router = Router::new().route(PATH, get(callback)).with_state(Arc::new(Login { state, responses }));
    let server = tokio::spawn(axum::serve(listener, router).into_future());
    note(&format!("log in with a browser: {url}"));
    if open && webbrowser::open(url.as_str()).is_err() {
        note("no browser could be opened: open the URL yourself");
    }
    let response = tokio::time::timeout(most, came.recv()).await;
    let response = response.ok().flatten().ok_or_else(|| ended(5, "nobody has logged in in time"))?;
    let code = code(issuer, response)?;
    let request = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
    let request =
        issuer.resource().fold(request, |request, (name, value)| request.add_extra_param(name, value));
    let response = request.request_async(&issuer.http()).await;
    server.abort();
    Ok(issuer.tokens(&response.map_err(|error| issuer.failed(error))?, None))
}

/// Takes what the issuer sends. What has not begun here changes nothing.
async fn callback(
    State(login): State<Arc<Login>>,
    Query(response): Query<Response>,
) -> (StatusCode, &'static str) {
    if response.state != *login.state.secret() {
        return (StatusCode::BAD_REQUEST, "This is not the login that bridgectl waits for.\n");
    }
    let text = match response.code {
        Some(_) => "You can close this window. bridgectl shows whether you are logged in.\n",
        None => "The login has failed. bridgectl shows why.\n",
    };
    // A second response comes too late.
    let _ = login.responses.try_send(response);
    (StatusCode::OK, text)
}

/// Returns the code in a response of the issuer.
fn code(issuer: &Issuer<'_>, response: Response) -> Result<String> {
    let must_be_named = issuer.endpoints.authorization_response_iss_parameter_supported;
    if response.iss.map_or(must_be_named, |iss| iss != issuer.at.issuer) {
        return Err(ended(5, "the response is that of another issuer: nobody is logged in"));
    }
    response.code.ok_or_else(|| {
        let why = [response.error, response.error_description].into_iter().flatten().collect::<Vec<_>>();
        ended(5, format!("the issuer refuses the login: {}", why.join(": ")))
    })
}
