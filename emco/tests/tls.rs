//! HTTPS: a certificate is trusted only if its issuer is one of the roots.

use std::sync::Arc;

use emco::{Client, DigKey, Kind, Retry, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Starts a server that responds `null` to one request per TLS connection. Returns its URL and its certificate.
async fn tls_server() -> (String, String) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust this server ends the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nnull\n";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (url, certified.cert.pem())
}

#[tokio::test]
async fn only_a_given_root_is_trusted() {
    let (url, certificate) = tls_server().await;
    let dig = DigKey::new("p", "c", "v1", "d");
    let settings = Settings { retry: Retry::NEVER, ..Settings::default() };
    let (other_url, other) = tls_server().await;
    assert_ne!(url, other_url);
    for (roots, trusted) in [(Some(certificate), true), (Some(other), false)] {
        let settings = Settings { roots: roots.map(String::into_bytes), ..settings.clone() };
        let answer = Client::new(&url, settings).unwrap().list_generic_placement_intents(&dig).await;
        match answer {
            Ok(intents) => assert!(trusted && intents.is_empty()),
            Err(error) => assert!(!trusted && error.kind() == Kind::Unreachable, "{error:?}"),
        }
    }
}
