//! An issuer: its endpoints (OpenID Connect Discovery 1.0), and what is asked of it.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AuthUrl, ClientId, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet, ErrorResponse, HttpRequest,
    HttpResponse, RefreshToken, RequestTokenError, RevocationUrl, Scope, StandardRevocableToken,
    TokenResponse, TokenUrl,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};
use serde::Deserialize;
use url::{Host, Url};

use super::at::At;
use super::tokens::Tokens;
use crate::exit::ended;

/// The timeout of a request.
const WITHIN: Duration = Duration::from_secs(10);

/// A client of the issuer that can ask for tokens.
pub(super) type TokenClient =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// An issuer.
pub(super) struct Issuer<'a> {
    pub(super) at: &'a At,
    pub(super) endpoints: Endpoints,
    http: Client,
}

/// What is read of the document about the issuer.
#[derive(Deserialize)]
pub(super) struct Endpoints {
    issuer: String,
    token_endpoint: TokenUrl,
    pub(super) authorization_endpoint: Option<AuthUrl>,
    pub(super) device_authorization_endpoint: Option<DeviceAuthorizationUrl>,
    revocation_endpoint: Option<RevocationUrl>,
    /// RFC 9207.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl<'a> Issuer<'a> {
    /// Finds the issuer's endpoints.
    pub(super) async fn find(at: &'a At) -> Result<Self> {
        let url = base(&at.issuer)?;
        let http = client(at, &url)?;
        let document = format!("{}/.well-known/openid-configuration", url.as_str().trim_end_matches('/'));
        let asked = async { http.get(&document).send().await?.error_for_status()?.json::<Endpoints>().await };
        let endpoints = asked.await.map_err(|error| away(&at.issuer, error))?;
        if endpoints.issuer.trim_end_matches('/') != at.issuer.trim_end_matches('/') {
            let text = format!("{document} is that of another issuer: {}", endpoints.issuer);
            return Err(ended(1, text));
        }
        Ok(Self { at, endpoints, http })
    }

    pub(super) fn client(&self) -> TokenClient {
        let id = ClientId::new(self.at.client_id.clone());
        BasicClient::new(id).set_token_uri(self.endpoints.token_endpoint.clone())
    }

    pub(super) fn scopes(&self) -> impl Iterator<Item = Scope> {
        self.at.scopes.iter().cloned().map(Scope::new)
    }

    /// Returns the parameter that names for whom the tokens are (RFC 8707), if it is needed.
    pub(super) fn resource(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.at.resource.iter().map(|resource| ("resource", resource.clone()))
    }

    /// Sends a request, as the library asks for it.
    pub(super) fn http(&self) -> impl Fn(HttpRequest) -> SentFuture + use<> {
        let http = self.http.clone();
        move |request| Box::pin(send(http.clone(), request))
    }

    /// Returns the tokens in a response. One without a refresh token leaves that of before.
    pub(super) fn tokens(&self, response: &BasicTokenResponse, before: Option<&Tokens>) -> Tokens {
        let refresh = response.refresh_token().map(|token| token.secret().clone());
        Tokens {
            issuer: self.at.issuer.clone(),
            client_id: self.at.client_id.clone(),
            access_token: response.access_token().secret().clone(),
            refresh_token: refresh.or_else(|| before.and_then(|tokens| tokens.refresh_token.clone())),
            expires: Tokens::end(response.expires_in()),
        }
    }

    /// Renews tokens.
    pub(super) async fn renew(&self, tokens: &Tokens) -> Result<Tokens> {
        let over = || ended(5, "the login is over: run `bridgectl login`");
        let refresh = RefreshToken::new(tokens.refresh_token.clone().ok_or_else(over)?);
        let client = self.client();
        let request = client.exchange_refresh_token(&refresh);
        let request =
            self.resource().fold(request, |request, (name, value)| request.add_extra_param(name, value));
        let response = request.request_async(&self.http()).await;
        let response = response.map_err(|error| match error {
            RequestTokenError::ServerResponse(refused) => {
                ended(5, format!("the login is over ({refused}): run `bridgectl login`"))
            }
            other => self.failed(other),
        });
        Ok(self.tokens(&response?, Some(tokens)))
    }

    /// Has tokens revoked (RFC 7009), if the issuer can do that.
    pub(super) async fn revoke(&self, tokens: &Tokens) -> Result<()> {
        let (Some(url), Some(token)) = (&self.endpoints.revocation_endpoint, &tokens.refresh_token) else {
            return Ok(());
        };
        let client = self.client().set_revocation_url(url.clone());
        let request =
            client.revoke_token(StandardRevocableToken::RefreshToken(RefreshToken::new(token.clone())))?;
        request.request_async(&self.http()).await.map_err(|error| self.failed(error))
    }

    /// Returns the error of a request for tokens. The body of a response is not repeated.
    pub(super) fn failed<T: ErrorResponse + 'static>(
        &self,
        error: RequestTokenError<reqwest::Error, T>,
    ) -> anyhow::Error {
        let issuer = &self.at.issuer;
        match error {
            RequestTokenError::ServerResponse(refused) => {
                ended(5, format!("the issuer {issuer} refuses it: {refused}"))
            }
            RequestTokenError::Request(error) => away(issuer, error),
            RequestTokenError::Parse(error, _) => ended(
                1,
                format!("the issuer {issuer} has answered something else than tokens ({})", error.path()),
            ),
            RequestTokenError::Other(text) => {
                ended(1, format!("the issuer {issuer} has not issued tokens: {text}"))
            }
        }
    }
}

/// What comes of a request.
pub(super) type SentFuture =
    std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send>>;

async fn send(http: Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = http.execute(request.try_into()?).await?;
    let mut answer = HttpResponse::new(Vec::new());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}

fn away(issuer: &str, error: reqwest::Error) -> anyhow::Error {
    let error: anyhow::Error = error.without_url().into();
    ended(8, format!("the issuer {issuer} cannot be asked: {error:#}"))
}

/// Reads the URL of an issuer. Secrets go there, so it must be encrypted, except on this machine.
fn base(issuer: &str) -> Result<Url> {
    let url = Url::parse(issuer).with_context(|| format!("the issuer {issuer} is not a URL"))?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here => Ok(url),
        _ => Err(ended(2, format!("the issuer {issuer} must begin with https://"))),
    }
}

fn client(at: &At, url: &Url) -> Result<Client> {
    let roots = match at.read_roots()? {
        Some(pem) => Certificate::from_pem_bundle(&pem).context("the certificates to trust are not PEM")?,
        None => Vec::new(),
    };
    // A redirect would send secrets to another server.
    let builder = Client::builder().timeout(WITHIN).redirect(Policy::none());
    let builder = match url.scheme() {
        "http" => builder.tls_certs_only(roots),
        _ => builder.tls_certs_merge(roots),
    };
    builder.build().context("cannot make a client of the issuer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_reached_over_tls_or_on_this_machine() {
        for good in [
            "https://login.example.org/realms/emco",
            "http://127.0.0.1:8080",
            "http://[::1]/",
            "http://localhost",
        ] {
            assert!(base(good).is_ok(), "{good}");
        }
        for bad in [
            "http://login.example.org",
            "ftp://127.0.0.1",
            "login.example.org",
            "http://localhost.example.org",
        ] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }
}
