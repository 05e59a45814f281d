//! A small HTTP/1 client: one connection for each request, so that a broken one affects no other.
//!
//! It brings no HTTP library whose features authors' own dependencies share, and sets nothing for the whole process.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::SetUpError;

pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// A request to send.
pub(crate) struct Draft {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
}

impl Draft {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: HeaderMap::new(), body: Full::default().boxed() }
    }

    /// Sets a header, in place of the one that is there.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(crate) fn body(self, body: impl Into<Bytes>) -> Self {
        self.stream(Full::new(body.into()).boxed())
    }

    /// Sets a body without `Content-Length`, if its length is not known.
    pub(crate) fn stream(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

/// Sends requests to one server.
pub(crate) struct Http {
    /// `host:port`, to connect to.
    address: String,
    host: HeaderValue,
    /// The path before each request's.
    base: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Http {
    /// `authorities` are the CA certificates (PEM) to trust in place of the system's.
    pub(crate) fn new(url: &str, authorities: Option<&[u8]>) -> Result<Self, SetUpError> {
        let wrong = || SetUpError::Url(url.to_owned());
        let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let parsed = parsed.ok_or_else(wrong)?;
        let (name, port) = parsed.host_str().zip(parsed.port_or_known_default()).ok_or_else(wrong)?;
        let host = parsed.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let tls = if parsed.scheme() == "https" {
            let bare = name.trim_start_matches('[').trim_end_matches(']').to_owned();
            Some((connector(authorities)?, ServerName::try_from(bare).map_err(|_| wrong())?))
        } else {
            None
        };
        Ok(Self {
            address: format!("{name}:{port}"),
            host: HeaderValue::try_from(host).map_err(|_| wrong())?,
            base: parsed.path().trim_end_matches('/').to_owned(),
            tls,
        })
    }

    /// Sends the request, and returns the response with its whole body.
    pub(crate) async fn send(&self, draft: Draft) -> Result<Response<Bytes>, Box<dyn Error + Send + Sync>> {
        let uri = format!("{}{}", self.base, draft.path);
        let mut request = Request::builder().method(draft.method).uri(uri).body(draft.body)?;
        *request.headers_mut() = draft.headers;
        request.headers_mut().insert(HOST, self.host.clone());
        let stream = TcpStream::connect(&self.address).await?;
        match &self.tls {
            Some((connector, name)) => {
                exchange(connector.connect(name.clone(), stream).await?, request).await
            }
            None => exchange(stream, request).await,
        }
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
) -> Result<Response<Bytes>, Box<dyn Error + Send + Sync>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchanged = async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    };
    tokio::pin!(exchanged);
    tokio::select! {
        biased;
        exchanged = &mut exchanged => exchanged,
        // An error of the connection is also that of the exchange.
        _ = connection => exchanged.await,
    }
}

fn connector(authorities: Option<&[u8]>) -> Result<TlsConnector, SetUpError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| SetUpError::Authorities(error.into()))?;
                roots.add(certificate).map_err(|error| SetUpError::Authorities(error.into()))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| SetUpError::Authorities(error.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
