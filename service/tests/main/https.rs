//! TLS of the listener: who is let in, and what happens when the files change.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use harness::{Wire, eventually};
use http_body_util::Full;
use hyper::body::Bytes;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use service::auth::{Authenticator, authenticated};
use service::files::SettingFile;
use service::http::{CallerFiles, ClientAuth, Options, Tls, TlsFiles};
use service::shutdown::Shutdown;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::drain::Slow;
use crate::http2::Http2;
use crate::server::{SOON, Server, echo};

pub(crate) const NAME: &str = "client.test";
pub(crate) const QUESTION: &str = "GET /question HTTP/1.1\r\nHost: x\r\n\r\n";

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate signed by `authority`, and its key.
pub(crate) fn certificate(authority: &Authority, name: &str) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    (CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, authority).unwrap(), key)
}

/// As [`certificate`], but expired long ago.
fn expired(authority: &Authority) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1));
    (params.signed_by(&key, authority).unwrap(), key)
}

/// The files of a secret, as a chart mounts them.
pub(crate) struct Secret(TempDir);

impl Secret {
    /// With a certificate of `authority`, and the certificate of `callers` to vouch for theirs.
    pub(crate) fn new(authority: &Authority, callers: &Authority) -> Self {
        let secret = Self(tempfile::tempdir().unwrap());
        secret.write("ca.crt", callers.pem());
        secret.renew(authority);
        secret
    }

    /// Another certificate and key.
    pub(crate) fn renew(&self, authority: &Authority) {
        self.replace(certificate(authority, NAME));
    }

    /// An expired certificate and its key.
    pub(crate) fn expire(&self, authority: &Authority) {
        self.replace(expired(authority));
    }

    fn replace(&self, (certificate, key): (rcgen::Certificate, KeyPair)) {
        self.write("tls.crt", certificate.pem());
        self.write("tls.key", key.serialize_pem());
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn files(&self) -> TlsFiles {
        let file = |setting, name| SettingFile::of(setting, self.0.path().join(name));
        TlsFiles {
            certificate: file("TLS_CERTIFICATE", "tls.crt"),
            key: file("TLS_KEY", "tls.key"),
            callers: None,
        }
    }

    pub(crate) fn mutual(&self, auth: ClientAuth) -> TlsFiles {
        let authorities = SettingFile::of("TLS_CLIENT_CA", self.0.path().join("ca.crt"));
        TlsFiles { callers: Some(CallerFiles { authorities, revoked: None, auth }), ..self.files() }
    }
}

pub(crate) fn options(files: TlsFiles) -> Options {
    Options { tls: Some(Tls::load(files).unwrap()), ..Options::default() }
}

pub(crate) fn question() -> http::Request<Full<Bytes>> {
    http::Request::get(format!("https://{NAME}/question")).body(Full::default()).unwrap()
}

pub(crate) async fn serve(options: Options) -> Server {
    Server::with(echo(), options, Duration::from_secs(30)).await
}

/// A caller who trusts one authority, and shows a certificate or none.
pub(crate) struct Trust(ClientConfig);

impl Trust {
    pub(crate) fn of(authority: &Authority, own: Option<(rcgen::Certificate, KeyPair)>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        Self(match own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => builder
                .with_client_auth_cert(
                    vec![certificate.der().clone()],
                    PrivateKeyDer::Pkcs8(key.serialize_der().into()),
                )
                .unwrap(),
        })
    }

    pub(crate) fn speaking(mut self, protocol: &str) -> Self {
        self.0.alpn_protocols = vec![protocol.into()];
        self
    }

    pub(crate) async fn connect(&self, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from(NAME).unwrap();
        TlsConnector::from(Arc::new(self.0.clone())).connect(name, stream).await
    }

    /// The response on a connection of its own. A refused certificate shows only after the handshake.
    async fn ask(&self, address: SocketAddr) -> anyhow::Result<(u16, String)> {
        let mut caller = Wire::over(self.connect(address).await?);
        caller.send(QUESTION).await?;
        Ok(caller.answer().await?.parts())
    }

    pub(crate) async fn is_served(&self, address: SocketAddr) -> bool {
        self.ask(address).await.is_ok_and(|(status, _)| status == 200)
    }
}

#[tokio::test]
async fn callers_who_trust_the_authority_are_served_over_tls_alone() {
    let (ours, other) = (authority(), authority());
    let secret = Secret::new(&ours, &other);
    let server = serve(options(secret.files())).await;
    let answer = Trust::of(&ours, None).ask(server.address).await.unwrap();
    assert_eq!(answer, (200, "GET /question [] ".to_owned()));

    let error = Trust::of(&other, None).ask(server.address).await.unwrap_err();
    assert!(format!("{error:#}").contains("certificate"), "{error:#}");

    let http1 = Trust::of(&ours, None).speaking("http/1.1");
    let stream = http1.connect(server.address).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let http2 = Trust::of(&ours, None).speaking("h2");
    let stream = http2.connect(server.address).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (status, answer) = Http2::over(stream).await.ask(question()).await.unwrap();
    assert_eq!((status, answer.as_str()), (200, "GET https://client.test/question [] "));
    let error = Trust::of(&ours, None).speaking("h3").connect(server.address).await.unwrap_err();
    assert!(error.to_string().contains("NoApplicationProtocol"), "{error}");

    let mut plain = Wire::connect(server.address).await.unwrap();
    plain.send(QUESTION).await.unwrap();
    plain.answer().await.unwrap_err();
}

#[tokio::test]
async fn a_raw_quote_is_taken_over_tls_too() {
    let ours = authority();
    let server = serve(options(Secret::new(&ours, &ours).files())).await;
    let mut caller = Wire::over(Trust::of(&ours, None).connect(server.address).await.unwrap());
    caller.send("GET /status?query=\"state\" HTTP/1.1\r\nHost: x\r\nX-Note: \"a\"\r\n\r\n").await.unwrap();
    assert_eq!(
        caller.answer().await.unwrap().parts(),
        (200, "GET /status?query=%22state%22 [\"a\"] ".to_owned())
    );
}

#[tokio::test]
async fn callers_without_a_certificate_that_is_vouched_for_are_refused() {
    let (ours, callers) = (authority(), authority());
    let secret = Secret::new(&ours, &callers);
    let server = serve(options(secret.mutual(ClientAuth::Required))).await;
    assert!(Trust::of(&ours, Some(certificate(&callers, "caller"))).is_served(server.address).await);
    assert!(Trust::of(&ours, None).ask(server.address).await.is_err());
    assert!(Trust::of(&ours, Some(certificate(&ours, "caller"))).ask(server.address).await.is_err());
}

#[tokio::test]
async fn where_a_certificate_is_optional_only_callers_with_one_are_let_in() {
    let (ours, callers) = (authority(), authority());
    let secret = Secret::new(&ours, &callers);
    let router = authenticated(echo(), Authenticator { certificate: true, ..Authenticator::default() });
    let options = options(secret.mutual(ClientAuth::Optional));
    let server = Server::with(router, options, Duration::from_secs(30)).await;
    assert!(Trust::of(&ours, Some(certificate(&callers, "caller"))).is_served(server.address).await);
    for (own, status) in [(Some(certificate(&callers, "caller")), 200), (None, 403)] {
        let stream = Trust::of(&ours, own).speaking("h2").connect(server.address).await.unwrap();
        assert_eq!(Http2::over(stream).await.ask(question()).await.unwrap().0, status);
    }
    let (status, refused) = Trust::of(&ours, None).ask(server.address).await.unwrap();
    assert!(status == 403 && refused.contains("certificate_required"), "{refused}");
    // One that no authority has signed is worse than none.
    assert!(Trust::of(&ours, Some(certificate(&ours, "caller"))).ask(server.address).await.is_err());
}

#[tokio::test]
async fn new_files_count_for_new_connections_and_broken_ones_never() {
    let (before, after) = (authority(), authority());
    let secret = Secret::new(&before, &before);
    let server = serve(options(secret.files())).await;
    let (old, new) = (Trust::of(&before, None), Trust::of(&after, None));
    let mut kept = Wire::over(old.connect(server.address).await.unwrap());
    assert!(!new.is_served(server.address).await);

    secret.renew(&after);
    eventually(SOON, "the new certificate is shown", async || new.is_served(server.address).await).await;
    assert!(!old.is_served(server.address).await);
    kept.send("GET /kept HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(kept.answer().await.unwrap().parts(), (200, "GET /kept [] ".to_owned()));

    // Neither a text, nor another's key, nor nothing at all; each looked at for longer than the files are left alone.
    let other_key = certificate(&after, NAME).1.serialize_pem();
    for (file, content) in [("tls.crt", "no certificate".to_owned()), ("tls.key", other_key)] {
        let good = std::fs::read(secret.0.path().join(file)).unwrap();
        secret.write(file, content);
        served_throughout(&new, server.address).await;
        std::fs::remove_file(secret.0.path().join(file)).unwrap();
        served_throughout(&new, server.address).await;
        secret.write(file, good);
    }
    secret.renew(&before);
    eventually(SOON, "a good certificate after broken ones", async || old.is_served(server.address).await)
        .await;
}

#[tokio::test]
async fn an_expired_certificate_replaces_no_valid_one() {
    let (before, after) = (authority(), authority());
    let secret = Secret::new(&before, &before);
    let server = serve(options(secret.files())).await;
    let (old, new) = (Trust::of(&before, None), Trust::of(&after, None));
    secret.expire(&before);
    served_throughout(&old, server.address).await;
    secret.renew(&after);
    eventually(SOON, "a valid certificate after it", async || new.is_served(server.address).await).await;

    // It is better than none: a process that starts with it can still be reached by callers that accept it.
    secret.expire(&before);
    let server = serve(options(secret.files())).await;
    let error = old.ask(server.address).await.unwrap_err();
    assert!(format!("{error:#}").contains("expired"), "{error:#}");
    secret.renew(&after);
    eventually(SOON, "a valid certificate at last", async || new.is_served(server.address).await).await;
}

/// For longer than changed files are left alone (a second), so that they have been looked at.
pub(crate) async fn served_throughout(trust: &Trust, address: SocketAddr) {
    let since = tokio::time::Instant::now();
    while since.elapsed() < Duration::from_millis(1200) {
        assert!(trust.is_served(address).await);
    }
}

#[tokio::test]
async fn requests_under_way_finish_over_tls() {
    let ours = authority();
    let secret = Secret::new(&ours, &ours);
    let slow = Slow::with(options(secret.files()), Duration::from_secs(30)).await;
    let trust = Trust::of(&ours, None);
    let idle = Wire::over(trust.connect(slow.server.address).await.unwrap());
    let busy = Wire::over(trust.connect(slow.server.address).await.unwrap());
    slow.finishes_while_draining(idle, busy).await;
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_not_waited_for() {
    let ours = authority();
    let secret = Secret::new(&ours, &ours);
    let patient = Options { handshake_timeout: Duration::from_secs(3600), ..options(secret.files()) };
    let hasty = Options { handshake_timeout: Duration::from_millis(50), ..patient.clone() };
    let server = serve(hasty).await;
    Wire::connect(server.address).await.unwrap().closed().await.unwrap();

    // Nor at the hard stop, where no request is lost with it.
    let server = serve(patient).await;
    let silent = Wire::connect(server.address).await.unwrap();
    let shutdown: Shutdown = server.shutdown.clone();
    shutdown.stop();
    assert_eq!(timeout(SOON, server.serving).await.unwrap().unwrap(), Ok(()));
    silent.closed().await.unwrap();
}

#[test]
fn files_that_do_not_do_are_named_with_their_setting() {
    let ours = authority();
    let secret = Secret::new(&ours, &ours);
    let good = |name: &str| std::fs::read(secret.0.path().join(name)).unwrap();
    let other_key = certificate(&ours, NAME).1.serialize_pem();
    for (file, content, setting, words) in [
        ("tls.crt", "text", "TLS_CERTIFICATE", "holds no certificate in PEM"),
        ("tls.key", "text", "TLS_KEY", "holds no private key in PEM"),
        ("tls.key", other_key.as_str(), "TLS_KEY", "is not the key of the certificate in"),
        ("ca.crt", "", "TLS_CLIENT_CA", "holds no certificate in PEM"),
    ] {
        let before = good(file);
        secret.write(file, content);
        let error = service::chain(&Tls::load(secret.mutual(ClientAuth::Required)).unwrap_err());
        assert!(
            error.contains(file) && error.contains(&format!("({setting})")) && error.contains(words),
            "{error}"
        );
        secret.write(file, before);
    }
    Tls::load(secret.mutual(ClientAuth::Required)).unwrap();
}
