//! Requests an issuer's discovery document and its keys.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, pem};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Position, Url};

use super::key_set::KeySet;
use super::settings::{IssuerSettings, a_url};
use crate::files::FileError;
use crate::outbound::{ResolveError, Resolver};
use crate::token::TokenFile;

/// The largest document that is read.
const MAX_SIZE: usize = 256 << 10;
const TIMEOUT: Duration = Duration::from_secs(10);
const AGENT: &str = concat!("emco-workflows/", env!("CARGO_PKG_VERSION"));

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
    #[error("its authorities (ca_file) cannot be read: write certificates in PEM")]
    Authorities(#[source] pem::Error),
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    #[error("{url} cannot be called")]
    Forbidden { url: Url, source: ResolveError },
    #[error("{url} is without TLS, which allow_http permits")]
    Plain { url: Url },
    #[error("{url} cannot be reached")]
    Connect { url: Url, source: io::Error },
    #[error("{url} did not respond")]
    Request { url: Url, source: hyper::Error },
    #[error("{url} did not respond within 10 s")]
    Late { url: Url },
    #[error("the document at {url} broke off")]
    Incomplete { url: Url, source: Box<dyn std::error::Error + Send + Sync> },
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
        // Read anew, so that the current authorities count.
        let tls = TlsConnector::from(Arc::new(self.tls()?));
        let url = match &self.settings.keys_url {
            Some(url) => url.clone(),
            None => self.discover(&tls).await?,
        };
        let (headers, body) = self.get(&tls, &url).await?;
        let keys = KeySet::read(&body).map_err(|source| FetchError::Invalid { url, source })?;
        Ok(Fetched { keys, fresh: freshness(&headers) })
    }

    async fn discover(&self, tls: &TlsConnector) -> Result<Url, FetchError> {
        let base = self.settings.issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let url = Url::parse(&url).map_err(FetchError::NoBase)?;
        let (_, body) = self.get(tls, &url).await?;
        match serde_json::from_slice::<Discovery>(&body) {
            Ok(document) if document.issuer == self.settings.issuer => Ok(document.jwks_uri),
            Ok(Discovery { issuer: found, .. }) => Err(FetchError::OtherIssuer { url, found }),
            Err(source) => Err(FetchError::Invalid { url, source }),
        }
    }

    async fn get(&self, tls: &TlsConnector, url: &Url) -> Result<(HeaderMap, Bytes), FetchError> {
        if !self.settings.may_request(url) {
            return Err(FetchError::Plain { url: url.clone() });
        }
        let exchange = async {
            let stream = connect(url).await?;
            if url.scheme() != "https" {
                return self.exchange(url, stream).await;
            }
            let stream = tls.connect(server_name(url)?, stream).await;
            let stream = stream.map_err(|source| FetchError::Connect { url: url.clone(), source })?;
            self.exchange(url, stream).await
        };
        timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| Err(FetchError::Late { url: url.clone() }))
    }

    /// Sends one request. Redirects are not followed.
    async fn exchange(
        &self,
        url: &Url,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<(HeaderMap, Bytes), FetchError> {
        let failed = |source| FetchError::Request { url: url.clone(), source };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        // What fails there fails the request too.
        tokio::spawn(connection);
        let mut request = Request::new(Empty::<Bytes>::new());
        // A URL's path and query have no other characters than those of a request line.
        *request.uri_mut() = url[Position::BeforePath..Position::AfterQuery].parse().unwrap_or_default();
        let headers = request.headers_mut();
        if let Ok(host) = url[Position::BeforeHost..Position::AfterPort].parse() {
            headers.insert(HOST, host);
        }
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, token.bearer());
        }
        let response = sender.send_request(request).await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status { url: url.clone(), status: response.status().as_u16() });
        }
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_SIZE).collect().await.map_err(|source| {
            let url = url.clone();
            if source.is::<LengthLimitError>() {
                FetchError::TooLarge { url }
            } else {
                FetchError::Incomplete { url, source }
            }
        })?;
        Ok((head.headers, body.to_bytes()))
    }

    /// Trusts the authorities of the settings, else those of the system.
    fn tls(&self) -> Result<ClientConfig, FetchError> {
        let mut authorities = RootCertStore::empty();
        match &self.settings.ca_file {
            Some(file) => {
                let certificates = CertificateDer::pem_file_iter(file).map_err(FetchError::Authorities)?;
                for certificate in certificates {
                    let certificate = certificate.map_err(FetchError::Authorities)?;
                    authorities.add(certificate).map_err(FetchError::Tls)?;
                }
            }
            // A minimal image has none, and plain HTTP needs none.
            None => {
                authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(FetchError::Tls)?;
        Ok(config.with_root_certificates(authorities).with_no_client_auth())
    }
}

/// Connects to an address that may be dialled, and that is the one that was checked.
async fn connect(url: &Url) -> Result<TcpStream, FetchError> {
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
    let addresses = Resolver::default().allowed(host, port).await;
    let addresses = addresses.map_err(|source| FetchError::Forbidden { url: url.clone(), source })?;
    let connected = TcpStream::connect(addresses.as_slice()).await;
    connected.map_err(|source| FetchError::Connect { url: url.clone(), source })
}

/// Returns the name that the server's certificate must have.
fn server_name(url: &Url) -> Result<ServerName<'static>, FetchError> {
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(ServerName::from(IpAddr::V4(address))),
        Some(Host::Ipv6(address)) => Ok(ServerName::from(IpAddr::V6(address))),
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(io::Error::other),
        None => Err(io::ErrorKind::InvalidInput.into()),
    }
    .map_err(|source| FetchError::Connect { url: url.clone(), source })
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
