//! Requests to an issuer: its discovery document, its keys, and tokens.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, pem};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use serde::de::DeserializeOwned;
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
struct Named {
    issuer: String,
}

#[derive(Deserialize)]
struct KeysPlace {
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
        let url = match &self.settings.keys_url {
            Some(url) => url.clone(),
            None => self.discover::<KeysPlace>().await?.jwks_uri,
        };
        let (headers, body) = self.get(&url).await?;
        let keys = KeySet::read(&body).map_err(|source| FetchError::Invalid { url, source })?;
        Ok(Fetched { keys, fresh: freshness(&headers) })
    }

    /// Fetches the discovery document.
    pub(super) async fn discover<T: DeserializeOwned>(&self) -> Result<T, FetchError> {
        let base = self.settings.issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let url = Url::parse(&url).map_err(FetchError::NoBase)?;
        let (_, body) = self.get(&url).await?;
        match serde_json::from_slice::<Named>(&body) {
            Ok(document) if document.issuer != self.settings.issuer => {
                Err(FetchError::OtherIssuer { url, found: document.issuer })
            }
            Ok(_) => serde_json::from_slice(&body).map_err(|source| FetchError::Invalid { url, source }),
            Err(source) => Err(FetchError::Invalid { url, source }),
        }
    }

    async fn get(&self, url: &Url) -> Result<(HeaderMap, Bytes), FetchError> {
        let mut request = Request::new(Full::default());
        if let Some(token) = &self.token {
            request.headers_mut().insert(AUTHORIZATION, token.bearer());
        }
        let (head, body) = self.send(url, request).await?.into_parts();
        if head.status == StatusCode::OK {
            Ok((head.headers, body))
        } else {
            Err(FetchError::Status { url: url.clone(), status: head.status.as_u16() })
        }
    }

    /// Posts a form, and returns the response with any status.
    pub(super) async fn post(
        &self,
        url: &Url,
        authorization: Option<HeaderValue>,
        form: String,
    ) -> Result<(StatusCode, Bytes), FetchError> {
        let mut request = Request::new(Full::from(form));
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        let (head, body) = self.send(url, request).await?.into_parts();
        Ok((head.status, body))
    }

    async fn send(&self, url: &Url, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, FetchError> {
        if !self.settings.may_request(url) {
            return Err(FetchError::Plain { url: url.clone() });
        }
        // Read anew, so that the current authorities count.
        let tls = TlsConnector::from(Arc::new(self.tls()?));
        let exchange = async {
            let stream = connect(url).await?;
            if url.scheme() != "https" {
                return exchange(url, request, stream).await;
            }
            let stream = tls.connect(server_name(url)?, stream).await;
            let stream = stream.map_err(|source| FetchError::Connect { url: url.clone(), source })?;
            exchange(url, request, stream).await
        };
        timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| Err(FetchError::Late { url: url.clone() }))
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

/// Sends one request. Redirects are not followed.
async fn exchange(
    url: &Url,
    mut request: Request<Full<Bytes>>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<Response<Bytes>, FetchError> {
    let failed = |source| FetchError::Request { url: url.clone(), source };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // What fails there fails the request too.
    tokio::spawn(connection);
    // A URL's path and query have no other characters than those of a request line.
    *request.uri_mut() = url[Position::BeforePath..Position::AfterQuery].parse().unwrap_or_default();
    let headers = request.headers_mut();
    if let Ok(host) = url[Position::BeforeHost..Position::AfterPort].parse() {
        headers.insert(HOST, host);
    }
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let (head, body) = sender.send_request(request).await.map_err(failed)?.into_parts();
    let body = Limited::new(body, MAX_SIZE).collect().await.map_err(|source| {
        let url = url.clone();
        if source.is::<LengthLimitError>() {
            FetchError::TooLarge { url }
        } else {
            FetchError::Incomplete { url, source }
        }
    })?;
    Ok(Response::from_parts(head, body.to_bytes()))
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
