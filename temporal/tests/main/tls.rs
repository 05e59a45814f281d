//! TLS and mTLS to Temporal, set up by the SDK's own variables, through a proxy that requires them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::{Mount, TemporalServer, eventually, under_load};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use temporal::{FaultKind, TemporalConnection, TemporalSettings};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// The name in the server's certificate. It is reached as 127.0.0.1.
pub(crate) const NAME: &str = "temporal.test";

/// How soon a change counts.
pub(crate) const WITHIN: Duration = Duration::from_secs(2);

/// The certificates of callers, in the order of their connections.
type Shown = Arc<Mutex<Vec<Vec<u8>>>>;

type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate signed by `authority`, and its key.
fn certificate(authority: &Authority, name: &str) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    (CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, authority).unwrap(), key)
}

/// Starts a proxy to `upstream` that accepts TLS only; if `callers` is given, with a certificate of that authority.
pub(crate) async fn proxy(upstream: &str, authority: &Authority, callers: Option<&Authority>) -> String {
    proxy_at("127.0.0.1", NAME, upstream, authority, callers, &Shown::default()).await
}

/// Starts a proxy that notes the certificates of callers.
async fn proxy_that_notes(upstream: &str, authority: &Authority, shown: &Shown) -> String {
    proxy_at("127.0.0.1", NAME, upstream, authority, Some(authority), shown).await
}

/// Starts such a proxy at another host, whose certificate has another name.
async fn proxy_at(
    host: &str,
    name: &str,
    upstream: &str,
    authority: &Authority,
    callers: Option<&Authority>,
    shown: &Shown,
) -> String {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match callers {
        None => builder.with_no_client_auth(),
        Some(callers) => {
            let mut roots = RootCertStore::empty();
            roots.add(callers.der().clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let (certificate, key) = certificate(authority, name);
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((host, 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (upstream, shown) = (upstream.to_owned(), Arc::clone(shown));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, upstream, shown) = (acceptor.clone(), upstream.clone(), Arc::clone(&shown));
            tokio::spawn(async move {
                // A caller who does not trust us, or whom we do not trust, ends the handshake.
                let Ok(mut caller) = acceptor.accept(stream).await else { return };
                let own = caller.get_ref().1.peer_certificates().and_then(<[_]>::first);
                shown.lock().unwrap().extend(own.map(|own| own.to_vec()));
                let mut server = TcpStream::connect(upstream).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut caller, &mut server).await;
            });
        }
    });
    address
}

/// Checks a connection with these variables.
async fn check(variables: &[(&str, &str)]) -> Result<(), String> {
    // No profile of this machine.
    let mut environment = HashMap::from([("TEMPORAL_CONFIG_FILE".to_owned(), "/dev/null".to_owned())]);
    environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let target = TemporalSettings::default().target_in(environment).unwrap();
    TemporalConnection::new(target).check().await.map_err(|fault| {
        assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault:?}");
        service::chain(&fault)
    })
}

#[tokio::test]
async fn the_server_must_prove_its_name() {
    let temporal = TemporalServer::shared().await.unwrap();
    let authority = authority();
    let address = proxy(temporal.address(), &authority, None).await;
    let address = ("TEMPORAL_ADDRESS", address.as_str());
    let root = authority.pem();
    let root = ("TEMPORAL_TLS_SERVER_CA_CERT_DATA", root.as_str());
    let name = ("TEMPORAL_TLS_SERVER_NAME", NAME);

    check(&[address, root, name]).await.unwrap();
    check(&[address, root, name, ("TEMPORAL_API_KEY", "key")]).await.unwrap();
    let unproven = check(&[address, root]).await.unwrap_err();
    assert!(unproven.contains("certificate"), "{unproven}");
    let untrusted = check(&[address, name]).await.unwrap_err();
    assert!(untrusted.contains("certificate"), "{untrusted}");
    check(&[address]).await.unwrap_err();
}

#[tokio::test]
async fn we_present_our_certificate() {
    let temporal = TemporalServer::shared().await.unwrap();
    let (servers, callers) = (authority(), authority());
    let address = proxy(temporal.address(), &servers, Some(&callers)).await;
    let root = servers.pem();
    let server = [
        ("TEMPORAL_ADDRESS", address.as_str()),
        ("TEMPORAL_TLS_SERVER_CA_CERT_DATA", root.as_str()),
        ("TEMPORAL_TLS_SERVER_NAME", NAME),
    ];
    for (signer, accepted) in [(&callers, true), (&servers, false)] {
        let (certificate, key) = certificate(signer, "us");
        // By path, as charts mount secrets.
        let directory = tempfile::tempdir().unwrap();
        let (certificate_path, key_path) =
            (directory.path().join("tls.crt"), directory.path().join("tls.key"));
        std::fs::write(&certificate_path, certificate.pem()).unwrap();
        std::fs::write(&key_path, key.serialize_pem()).unwrap();
        let ours = [
            ("TEMPORAL_TLS_CLIENT_CERT_PATH", certificate_path.to_str().unwrap()),
            ("TEMPORAL_TLS_CLIENT_KEY_PATH", key_path.to_str().unwrap()),
        ];
        let variables: Vec<_> = server.into_iter().chain(ours).collect();
        assert_eq!(check(&variables).await.is_ok(), accepted);
    }
    check(&server).await.unwrap_err();
}

#[tokio::test]
async fn a_certificate_that_is_replaced_is_shown_within_two_seconds_and_no_call_fails() {
    let temporal = TemporalServer::shared().await.unwrap();
    let authority = authority();
    let shown = Arc::default();
    let address = proxy_that_notes(temporal.address(), &authority, &shown).await;
    let ours = || {
        let (certificate, key) = certificate(&authority, "us");
        let files =
            [("tls.crt", certificate.pem()), ("tls.key", key.serialize_pem()), ("ca.crt", authority.pem())];
        (certificate.der().to_vec(), files)
    };
    let (first, files) = ours();
    let mut mount = Mount::new(&files).unwrap();
    let path = |name: &str| mount.path(name).to_str().unwrap().to_owned();
    let variables = [
        ("TEMPORAL_CONFIG_FILE", "/dev/null".to_owned()),
        ("TEMPORAL_ADDRESS", address),
        ("TEMPORAL_TLS_SERVER_NAME", NAME.to_owned()),
        ("TEMPORAL_TLS_SERVER_CA_CERT_PATH", path("ca.crt")),
        ("TEMPORAL_TLS_CLIENT_CERT_PATH", path("tls.crt")),
        ("TEMPORAL_TLS_CLIENT_KEY_PATH", path("tls.key")),
    ];
    let environment = variables.map(|(name, value)| (name.to_owned(), value)).into();
    let target = TemporalSettings::default().target_in(environment).unwrap();
    let connection = TemporalConnection::new(target);
    let last = || shown.lock().unwrap().last().cloned();
    let swaps = async {
        eventually(WITHIN, "the first one", async || last() == Some(first.clone())).await;
        for _ in 0..3 {
            let (next, files) = ours();
            mount.swap(&files).unwrap();
            eventually(WITHIN, "the next one", async || last() == Some(next.clone())).await;
        }
        // What cannot be used changes nothing.
        let made = shown.lock().unwrap().len();
        mount.swap(&[("tls.crt", "none"), ("tls.key", "none"), ("ca.crt", "none")]).unwrap();
        tokio::time::sleep(WITHIN).await;
        assert_eq!(shown.lock().unwrap().len(), made);
    };
    Box::pin(under_load(async || connection.check().await.unwrap(), swaps)).await;
}

#[tokio::test]
async fn an_ipv6_address_is_verified_as_an_address() {
    let temporal = TemporalServer::shared().await.unwrap();
    let authority = authority();
    let root = authority.pem();
    let root = ("TEMPORAL_TLS_SERVER_CA_CERT_DATA", root.as_str());
    let address = proxy_at("::1", "::1", temporal.address(), &authority, None, &Shown::default()).await;
    assert!(address.starts_with("[::1]:"), "{address}");
    check(&[("TEMPORAL_ADDRESS", &address), root]).await.unwrap();
    let other = proxy_at("::1", NAME, temporal.address(), &authority, None, &Shown::default()).await;
    check(&[("TEMPORAL_ADDRESS", &other), root]).await.unwrap_err();
}
