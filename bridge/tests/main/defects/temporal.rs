//! Connections to Temporal: defects 7 to 9.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::{TemporalOptions, free_port};
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::{Served, running};
use crate::api::unique;

/// The name in the certificate.
const NAME: &str = "temporal.test";
/// workflowmgr needs 10 s.
const SECONDS: Duration = Duration::from_secs(8);

/// A proxy to `upstream` that counts the connections made, and the open ones.
async fn counting(upstream: &str) -> (String, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (made, open, upstream) =
        (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default(), upstream.to_owned());
    let counted = (Arc::clone(&made), Arc::clone(&open));
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let (made, open, upstream) = (Arc::clone(&made), Arc::clone(&open), upstream.clone());
            tokio::spawn(async move {
                made.fetch_add(1, Ordering::SeqCst);
                open.fetch_add(1, Ordering::SeqCst);
                let mut far = TcpStream::connect(upstream).await.unwrap();
                // Its end is expected.
                let _ = copy_bidirectional(&mut near, &mut far).await;
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    (address, counted.0, counted.1)
}

#[tokio::test]
async fn d07_many_calls_share_a_connection() {
    let temporal = harness::TemporalServer::shared().await.unwrap();
    let (address, made, open) = counting(temporal.address()).await;
    let bridge = Served::on(&address).await;
    let id = unique("d07");
    bridge.create(&id, 9090).await;
    running(temporal, &id).await;
    for _ in 0..20 {
        assert_eq!(bridge.status_of_sample("getWfHistory=true").await.status, 200);
        assert_eq!(bridge.cancel_sample("{}").await.status, 204);
    }
    let cores = std::thread::available_parallelism().unwrap().get();
    let (made, open) = (made.load(Ordering::SeqCst), open.load(Ordering::SeqCst));
    // One more for the background work.
    let most = cores + 1;
    assert!(made == open && (1..=most).contains(&made), "{made} made, {open} open on {cores} cores");
}

#[tokio::test]
async fn d08_an_absent_or_silent_temporal_is_reported_in_seconds() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let absent = format!("127.0.0.1:{}", free_port());
    for (address, bound) in
        [(absent, Duration::from_secs(4)), (silent.local_addr().unwrap().to_string(), SECONDS)]
    {
        let bridge = Served::on(&address).await;
        bridge.create("w", 9090).await;
        let asked = Instant::now();
        let answer = bridge.status_of_sample("").await;
        assert!(asked.elapsed() < bound, "{:?}: {answer:?}", asked.elapsed());
        answer.problem(503, "temporal_unavailable");
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
    }
}

#[tokio::test]
async fn d09_the_namespace_and_tls_are_settings() {
    let namespaces = vec!["tenant".to_owned()];
    let temporal =
        TemporalOptions { in_memory: true, namespaces, ..TemporalOptions::default() }.start().await.unwrap();
    let start = ["workflow", "start", "--namespace", "tenant", "--type", "T", "--task-queue", "q", "-w", "w"];
    let run = temporal.cli(&start).await.unwrap();
    let bridge =
        Served::with(temporal.address(), |process| process.env("TEMPORAL_NAMESPACE", "tenant")).await;
    bridge.create("w", 9090).await;
    assert_eq!(bridge.status_of_sample("").await.json()["runID"], json!(run["runId"]));

    let (address, root) = behind_tls(temporal.address(), "h2").await;
    let secure = Served::with(&address, |process| {
        process
            .env("TEMPORAL_NAMESPACE", "tenant")
            .env("TEMPORAL_TLS_SERVER_CA_CERT_DATA", root)
            .env("TEMPORAL_TLS_SERVER_NAME", NAME)
    })
    .await;
    secure.create("w", 9090).await;
    assert_eq!(secure.status_of_sample("").await.json()["runID"], json!(run["runId"]));
}

/// A TLS proxy to `upstream`, which speaks this protocol, and the certificate to trust.
pub(crate) async fn behind_tls(upstream: &str, protocol: &str) -> (String, String) {
    let own = rcgen::generate_simple_self_signed([NAME.to_owned(), "localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, upstream) = (listener.local_addr().unwrap().to_string(), upstream.to_owned());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
            tokio::spawn(async move {
                // Who does not trust the certificate ends the handshake.
                let Ok(mut near) = acceptor.accept(stream).await else { return };
                let mut far = TcpStream::connect(upstream).await.unwrap();
                let _ = copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (address, own.cert.pem())
}
