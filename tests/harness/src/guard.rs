//! A proxy in front of Temporal that demands credentials, which change.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use http_body_util::{Either, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::SendRequest;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Request, Response, client, server};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::{Mount, eventually};

/// The status of a call without the right credentials, of gRPC: `UNAUTHENTICATED`.
const UNAUTHENTICATED: &str = "16";
/// How long calls over a connection that is closed may take to end. Polls take longer, and are cut off.
const GRACE: Duration = Duration::from_secs(1);
/// How soon calls have new credentials, also on a busy machine.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(60);
/// The number of calls that show it: the first one is made to connect, and those before it may still be under way.
const CALLS: usize = 2;

type Authority = CertifiedIssuer<'static, KeyPair>;

/// The names of files and their contents.
type Files = [(&'static str, String); 4];

/// A proxy in front of a Temporal server that demands a client certificate and an API key, both of its own making.
/// They are in files, which it replaces as Kubernetes does. It runs on the tokio runtime that started it, and stops
/// when dropped.
#[derive(Debug)]
pub struct Guard {
    address: SocketAddr,
    authority: Authority,
    mount: Mount,
    gate: Arc<Gate>,
    listening: JoinHandle<()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Who is let in. Credentials have numbers, from 0 on.
#[derive(Debug)]
struct Gate {
    /// The client certificates, by number. Each open connection has a clone of that of its caller.
    certificates: Mutex<Vec<Arc<Vec<u8>>>>,
    /// The lowest number that is accepted.
    oldest: watch::Sender<usize>,
    /// The number of calls with the newest credentials.
    newest: AtomicUsize,
}

impl Guard {
    /// Listens on a free port and forwards to `upstream` (`host:port`).
    pub async fn start(upstream: &str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let (first, files) = credentials(&authority, 0)?;
        let mount = Mount::new(&files)?;
        let gate = Arc::new(Gate {
            certificates: Mutex::new(vec![Arc::new(first)]),
            oldest: watch::Sender::new(0),
            newest: AtomicUsize::new(0),
        });
        let acceptor = acceptor(&authority)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (upstream, shared) = (upstream.to_owned(), Arc::clone(&gate));
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, upstream, gate) = (acceptor.clone(), upstream.clone(), Arc::clone(&shared));
                tokio::spawn(gate.meet(stream, acceptor, upstream));
            }
        });
        Ok(Self { address, authority, mount, gate, listening })
    }

    /// Returns the variables with which our programs reach Temporal here.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let file = |name: &str| self.mount.path(name).display().to_string();
        [
            ("TEMPORAL_ADDRESS", format!("https://{}", self.address)),
            ("TEMPORAL_TLS_SERVER_CA_CERT_PATH", file("ca.crt")),
            ("TEMPORAL_TLS_CLIENT_CERT_PATH", file("tls.crt")),
            ("TEMPORAL_TLS_CLIENT_KEY_PATH", file("tls.key")),
            ("TEMPORAL_API_KEY_FILE", file("api-key")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Replaces certificate and API key in the files. As soon as calls have them, refuses the former ones, and waits
    /// until connections with them are closed.
    pub async fn rotate(&mut self) -> Result<()> {
        let number = self.gate.newest_number() + 1;
        let (certificate, files) = credentials(&self.authority, number)?;
        self.gate.certificates().push(Arc::new(certificate));
        self.gate.newest.store(0, Ordering::SeqCst);
        self.mount.swap(&files)?;
        let calls = async || self.gate.newest.load(Ordering::SeqCst) >= CALLS;
        eventually(TAKEN_OVER_WITHIN, "calls have the new credentials", calls).await;
        self.gate.oldest.send_replace(number);
        let closed =
            async || self.gate.certificates()[..number].iter().all(|one| Arc::strong_count(one) == 1);
        eventually(TAKEN_OVER_WITHIN, "connections with the former ones are closed", closed).await;
        Ok(())
    }
}

impl Gate {
    fn certificates(&self) -> MutexGuard<'_, Vec<Arc<Vec<u8>>>> {
        self.certificates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn newest_number(&self) -> usize {
        self.certificates().len() - 1
    }

    /// Returns the number of a certificate that is accepted, and the certificate.
    fn find(&self, certificate: &CertificateDer<'_>) -> Option<(usize, Arc<Vec<u8>>)> {
        let certificates = self.certificates();
        let (number, known) = certificates.iter().enumerate().find(|(_, known)| ***known == **certificate)?;
        self.is_accepted(number).then(|| (number, Arc::clone(known)))
    }

    fn is_accepted(&self, number: usize) -> bool {
        number >= *self.oldest.borrow()
    }

    /// Serves a connection until it is closed, or its certificate is no longer accepted.
    async fn meet(self: Arc<Self>, stream: TcpStream, acceptor: TlsAcceptor, upstream: String) -> Result<()> {
        let stream = acceptor.accept(stream).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let Some((number, _open)) = shown.and_then(|shown| self.find(shown)) else { return Ok(()) };
        let forward = TokioIo::new(TcpStream::connect(upstream).await?);
        let (sender, connection) = client::conn::http2::handshake(TokioExecutor::new(), forward).await?;
        tokio::spawn(connection);
        let mut oldest = self.oldest.subscribe();
        let service = service_fn(move |request| Arc::clone(&self).forward(request, number, sender.clone()));
        let serving = server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), service);
        let mut serving = pin!(serving);
        tokio::select! {
            served = serving.as_mut() => return Ok(served?),
            _ = oldest.wait_for(|oldest| *oldest > number) => {}
        }
        serving.as_mut().graceful_shutdown();
        Ok(timeout(GRACE, serving).await??)
    }

    /// Forwards a call over a connection with this certificate, if its API key is accepted.
    async fn forward(
        self: Arc<Self>,
        request: Request<Incoming>,
        certificate: usize,
        mut sender: SendRequest<Incoming>,
    ) -> Result<Response<Either<Incoming, Empty<Bytes>>>> {
        let key = request.headers().get(AUTHORIZATION).and_then(|key| key.to_str().ok());
        let key = key.and_then(|key| key.strip_prefix("Bearer key-")?.parse().ok());
        let Some(key) = key.filter(|key| self.is_accepted(*key)) else {
            let refusal = Response::builder()
                .header(CONTENT_TYPE, "application/grpc")
                .header("grpc-status", UNAUTHENTICATED);
            return Ok(refusal.body(Either::Right(Empty::new()))?);
        };
        if certificate.min(key) == self.newest_number() {
            self.newest.fetch_add(1, Ordering::SeqCst);
        }
        Ok(sender.send_request(request).await?.map(Either::Left))
    }
}

/// Returns a client certificate and the files with these credentials.
fn credentials(authority: &Authority, number: usize) -> Result<(Vec<u8>, Files)> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(["caller".to_owned()])?.signed_by(&key, authority)?;
    let files = [
        ("ca.crt", authority.pem()),
        ("tls.crt", certificate.pem()),
        ("tls.key", key.serialize_pem()),
        ("api-key", format!("key-{number}\n")),
    ];
    Ok((certificate.der().to_vec(), files))
}

/// Returns the TLS of a server at 127.0.0.1, which demands certificates of the authority.
fn acceptor(authority: &Authority) -> Result<TlsAcceptor> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone())?;
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?;
    let key = KeyPair::generate()?;
    let own = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, authority)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| anyhow!(error))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![own.der().clone()], key)
        .context("the certificate of the proxy cannot be used")?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
