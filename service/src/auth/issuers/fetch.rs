//! Requests an issuer's discovery document and its keys.

use std::time::Duration;

use http::HeaderMap;
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL};
use reqwest::{Certificate, Client, ClientBuilder};
use serde::Deserialize;
use url::Url;

use super::key_set::KeySet;
use super::settings::{IssuerSettings, a_url};
use crate::files::FileError;
use crate::outbound::guard::{beginning, check, guarded};
use crate::outbound::{ResolveError, Resolver};
use crate::token::TokenFile;

/// The largest document that is read.
const MAX_SIZE: usize = 256 << 10;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long keys are used before they are fetched again. A key that was withdrawn is refused after the longest.
pub(super) const FRESH: Duration = Duration::from_secs(300);
const SHORTEST: Duration = Duration::from_secs(60);

/// Where an issuer's keys come from.
#[derive(Debug)]
pub(super) struct Source {
    settings: IssuerSettings,
    token: Option<TokenFile>,
}

/// The keys, and how long they may be used before they are fetched again.
pub(super) struct Fetched {
    pub(super) keys: KeySet,
    pub(super) fresh: Duration,
}

/// Why keys could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("its authorities (ca_file) cannot be read")]
    Authorities(#[source] std::io::Error),
    #[error("the HTTP client cannot be set up; ca_file must hold certificates in PEM")]
    Client(#[source] reqwest::Error),
    #[error("{url} cannot be called")]
    Forbidden { url: Url, source: ResolveError },
    #[error("{url} is without TLS, which allow_http permits")]
    Plain { url: Url },
    #[error("{url} did not respond")]
    Request { url: Url, source: reqwest::Error },
    #[error("{url} responded with {status}")]
    Status { url: Url, status: u16 },
    #[error("the document at {url} is larger than 256 KiB")]
    TooLarge { url: Url },
    #[error("the document at {url} is not valid")]
    Invalid { url: Url, source: serde_json::Error },
    #[error("the document at {url} is that of the issuer `{found}`")]
    OtherIssuer { url: Url, found: String },
    #[error("the issuer is no base of URLs")]
    NoBase(#[source] url::ParseError),
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    #[serde(deserialize_with = "a_url")]
    jwks_uri: Url,
}

impl Source {
    pub(super) fn new(settings: IssuerSettings) -> Result<Self, FileError> {
        let token = settings.token_file.as_deref().map(TokenFile::load).transpose()?;
        Ok(Self { settings, token })
    }

    /// Fetches the keys.
    pub(super) async fn fetch(&self) -> Result<Fetched, FetchError> {
        // The client is made anew, so that it trusts the current authorities.
        let client = self.client().await?;
        let url = match &self.settings.keys_url {
            Some(url) => url.clone(),
            None => self.discover(&client).await?,
        };
        let (headers, body) = self.get(&client, &url).await?;
        let keys = KeySet::read(&body).map_err(|source| FetchError::Invalid { url, source })?;
        Ok(Fetched { keys, fresh: freshness(&headers) })
    }

    async fn discover(&self, client: &Client) -> Result<Url, FetchError> {
        let base = self.settings.issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let url = Url::parse(&url).map_err(FetchError::NoBase)?;
        let (_, body) = self.get(client, &url).await?;
        match serde_json::from_slice::<Discovery>(&body) {
            Ok(document) if document.issuer == self.settings.issuer => Ok(document.jwks_uri),
            Ok(Discovery { issuer: found, .. }) => Err(FetchError::OtherIssuer { url, found }),
            Err(source) => Err(FetchError::Invalid { url, source }),
        }
    }

    async fn get(&self, client: &Client, url: &Url) -> Result<(HeaderMap, Vec<u8>), FetchError> {
        if !self.settings.may_request(url) {
            return Err(FetchError::Plain { url: url.clone() });
        }
        check(url).map_err(|source| FetchError::Forbidden { url: url.clone(), source })?;
        let mut request = client.get(url.clone()).header(ACCEPT, "application/json");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.bearer());
        }
        let response = request.send().await.map_err(|source| {
            // The error names the URL once more.
            FetchError::Request { url: url.clone(), source: source.without_url() }
        })?;
        if response.status() != http::StatusCode::OK {
            return Err(FetchError::Status { url: url.clone(), status: response.status().as_u16() });
        }
        let headers = response.headers().clone();
        let body = beginning(response, MAX_SIZE + 1).await;
        if body.len() > MAX_SIZE {
            return Err(FetchError::TooLarge { url: url.clone() });
        }
        Ok((headers, body))
    }

    async fn client(&self) -> Result<Client, FetchError> {
        // The TLS library needs a provider. One that was installed before serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = guarded(ClientBuilder::new(), Resolver::default())
            .user_agent(concat!("emco-workflows/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT);
        let builder = match &self.settings.ca_file {
            Some(file) => {
                let pem = tokio::fs::read(file).await.map_err(FetchError::Authorities)?;
                let authorities = Certificate::from_pem_bundle(&pem).map_err(FetchError::Client)?;
                builder.tls_certs_only(authorities)
            }
            // A minimal image has no authorities of its system, and plain HTTP needs none.
            None if self.settings.issuer.starts_with("http:") => builder.tls_certs_only([]),
            None => builder,
        };
        builder.build().map_err(FetchError::Client)
    }
}

/// Returns how long a response is fresh (`Cache-Control: max-age`), within a minute and five.
fn freshness(headers: &HeaderMap) -> Duration {
    let directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let ages = directives.flat_map(|value| value.split(',')).filter_map(|directive| {
        let (name, age) = directive.split_once('=')?;
        name.trim().eq_ignore_ascii_case("max-age").then(|| age.trim().parse().ok())?
    });
    ages.min().map_or(FRESH, Duration::from_secs).clamp(SHORTEST, FRESH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_fresh_for_a_minute_to_five() {
        for (value, seconds) in [
            ("", 300),
            ("no-store", 300),
            ("max-age=0", 60),
            ("public, Max-Age=120", 120),
            ("max-age=86400", 300),
            ("max-age=never", 300),
        ] {
            let headers = HeaderMap::from_iter([(CACHE_CONTROL, value.parse().unwrap())]);
            assert_eq!(freshness(&headers), Duration::from_secs(seconds), "{value}");
        }
    }
}
