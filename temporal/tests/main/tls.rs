//! TLS and mTLS to Temporal, set up by the SDK's own variables, through a proxy that requires them.

use std::collections::HashMap;
use std::sync::Arc;

use harness::TemporalServer;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use temporal::{FaultKind, TemporalConnection, TemporalSettings};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// The name in the server's certificate. It is reached as 127.0.0.1.
const NAME: &str = "temporal.test";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
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
async fn proxy(upstream: &str, authority: &Authority, callers: Option<&Authority>) -> String {
    proxy_at("127.0.0.1", NAME, upstream, authority, callers).await
}

/// Starts such a proxy at another host, whose certificate has another name.
async fn proxy_at(
    host: &str,
    name: &str,
    upstream: &str,
    authority: &Authority,
    callers: Option<&Authority>,
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
    let upstream = upstream.to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
            tokio::spawn(async move {
                // A caller who does not trust us, or whom we do not trust, ends the handshake.
                let Ok(mut caller) = acceptor.accept(stream).await else { return };
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
async fn an_ipv6_address_is_verified_as_an_address() {
    let temporal = TemporalServer::shared().await.unwrap();
    let authority = authority();
    let root = authority.pem();
    let root = ("TEMPORAL_TLS_SERVER_CA_CERT_DATA", root.as_str());
    let address = proxy_at("::1", "::1", temporal.address(), &authority, None).await;
    assert!(address.starts_with("[::1]:"), "{address}");
    check(&[("TEMPORAL_ADDRESS", &address), root]).await.unwrap();
    let other = proxy_at("::1", NAME, temporal.address(), &authority, None).await;
    check(&[("TEMPORAL_ADDRESS", &other), root]).await.unwrap_err();
}
