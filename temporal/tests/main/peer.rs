//! Servers that speak HTTP/2, but do not respond as Temporal does.

mod keys;
mod retries;
mod sharing;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use futures::future::join_all;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use prost::Message;
use temporal::{ConnectionSettings, FaultKind, Method, TemporalConnection, TemporalFault, TemporalTarget};

use temporalio_common::protos::temporal::api::workflowservice::v1::{
    CountWorkflowExecutionsRequest, CountWorkflowExecutionsResponse,
};
use tokio::net::TcpListener;

use crate::SOON;

/// A response of a peer.
#[derive(Clone)]
struct Played {
    status: u16,
    kind: &'static str,
    /// Headers of a response without a body.
    headers: Headers,
    /// The body; `None` for a response without one.
    chunks: Option<Vec<Bytes>>,
    end: End,
}

type Headers = &'static [(&'static str, &'static str)];

#[derive(Clone)]
enum End {
    Trailers(Headers),
    Bare,
    Reset(Reason),
    HangsUp,
    /// This call gets no response.
    Never,
    /// Nothing on this connection gets a response any more, but it stays open.
    Dead,
}

/// The server works, but reports that it is unavailable.
const AWAY: End = End::Trailers(&[("grpc-status", "14")]);
const OK: End = End::Trailers(&[("grpc-status", "0")]);
const GRPC: &str = "application/grpc+proto";

fn grpc(chunks: &[&'static [u8]], end: End) -> Played {
    let chunks = chunks.iter().copied().map(Bytes::from_static).collect();
    Played { status: 200, kind: GRPC, headers: &[], chunks: Some(chunks), end }
}

fn counted(count: i64, end: End) -> Played {
    let message = CountWorkflowExecutionsResponse { count, ..Default::default() }.encode_to_vec();
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(message.len() as u32);
    frame.put_slice(&message);
    Played { chunks: Some(vec![frame.freeze()]), ..grpc(&[], end) }
}

fn map(headers: Headers) -> HeaderMap {
    headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
}

/// A peer that accepts our connection as Temporal does, and plays its part at each call after that.
struct Peer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    /// Each open connection has a clone.
    open: Arc<()>,
    calls: Arc<AtomicUsize>,
    /// The API keys of calls, each once, in their order.
    keys: Arc<Mutex<Vec<HeaderValue>>>,
    /// The number of calls that we make by ourselves: one for each connection, and for each probe.
    probes: Arc<AtomicUsize>,
}

impl Peer {
    /// `play` gets the number of the connection, and that of the call. With `goodbye`, each connection closes
    /// after its first call.
    async fn start(goodbye: bool, play: impl Fn(usize, usize) -> Played + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let peer = Self {
            address,
            connections: Arc::default(),
            open: Arc::default(),
            calls: Arc::default(),
            keys: Arc::default(),
            probes: Arc::default(),
        };
        let (connections, calls) = (Arc::clone(&peer.connections), Arc::clone(&peer.calls));
        let (probes, open) = (Arc::clone(&peer.probes), Arc::downgrade(&peer.open));
        let keys = Arc::clone(&peer.keys);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = connections.fetch_add(1, Ordering::SeqCst);
                let (calls, probes, play) = (Arc::clone(&calls), Arc::clone(&probes), play.clone());
                let (open, keys) = (open.upgrade(), Arc::clone(&keys));
                tokio::spawn(async move {
                    let _open = open;
                    stream.set_nodelay(true).unwrap();
                    let mut connection = h2::server::handshake(stream).await.unwrap();
                    let mut held = Vec::new();
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        if request.uri().path().ends_with("/GetSystemInfo") {
                            probes.fetch_add(1, Ordering::SeqCst);
                            tokio::spawn(answer(respond, grpc(&[b"\0\0\0\0\0"], OK)));
                            continue;
                        }
                        checked(&request);
                        keys.lock().unwrap().extend(request.headers().get(AUTHORIZATION).cloned());
                        keys.lock().unwrap().dedup();
                        let played = play(number, calls.fetch_add(1, Ordering::SeqCst));
                        match played.end {
                            End::HangsUp => return,
                            End::Dead => std::future::pending().await,
                            End::Never => {
                                held.push(respond);
                                continue;
                            }
                            _ => {}
                        }
                        tokio::spawn(answer(respond, played));
                        if goodbye {
                            connection.graceful_shutdown();
                        }
                    }
                });
            }
        });
        peer
    }

    fn target(&self) -> TemporalTarget {
        TemporalTarget::new(&self.address.to_string(), "default").unwrap()
    }

    fn connection(&self) -> TemporalConnection {
        TemporalConnection::new(self.target())
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn open_connections(&self) -> usize {
        Arc::strong_count(&self.open) - 1
    }
}

/// Checks the headers of a call.
fn checked(request: &Request<RecvStream>) {
    let method = CountWorkflowExecutionsRequest::NAME;
    assert!(request.uri().path().ends_with(&format!(".WorkflowService/{method}")), "{}", request.uri());
    let header = |name: &str| request.headers()[name].to_str().unwrap();
    assert!(["default", "made-up"].iter().any(|name| header("temporal-namespace").starts_with(name)));
    assert_eq!(header("client-name"), "temporal-rust");
    assert!(header("grpc-timeout").starts_with('1'));
}

async fn answer(mut respond: SendResponse<Bytes>, played: Played) {
    let mut head = Response::new(());
    *head.status_mut() = StatusCode::from_u16(played.status).unwrap();
    *head.headers_mut() = map(played.headers);
    head.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(played.kind));
    let Some(chunks) = played.chunks else {
        respond.send_response(head, true).unwrap();
        return;
    };
    let mut body = respond.send_response(head, false).unwrap();
    for chunk in chunks {
        body.send_data(chunk, false).unwrap();
        // So that it goes out by itself.
        tokio::task::yield_now().await;
    }
    match played.end {
        End::Trailers(trailers) => body.send_trailers(map(trailers)).unwrap(),
        End::Reset(reason) => body.send_reset(reason),
        End::Bare | End::HangsUp | End::Never | End::Dead => body.send_data(Bytes::new(), true).unwrap(),
    }
}

async fn count(connection: &TemporalConnection) -> Result<i64, TemporalFault> {
    count_within(connection, SOON).await
}

async fn count_within(connection: &TemporalConnection, bound: Duration) -> Result<i64, TemporalFault> {
    let namespace = connection.target().namespace().to_owned();
    let request = CountWorkflowExecutionsRequest { namespace, query: String::new() };
    connection.ask("label", bound, request).await.map(|answer| answer.count)
}

/// Makes one call to a peer with this response.
async fn call(played: Played) -> Result<i64, TemporalFault> {
    let peer = Peer::start(false, move |_, _| played.clone()).await;
    count(&peer.connection()).await
}

#[tokio::test]
async fn a_message_in_pieces_is_read_whole() {
    for chunks in [&[&b"\0\0\0\0\x02\x08\x07"[..]][..], &[b"\0\0", b"\0\0\x02\x08", b"\x07", b""]] {
        assert_eq!(call(grpc(chunks, OK)).await.unwrap(), 7, "{chunks:?}");
    }
    assert_eq!(call(grpc(&[b"\0\0\0\0\0"], OK)).await.unwrap(), 0);
}

#[tokio::test]
async fn an_error_keeps_its_code_and_message() {
    const REFUSAL: Headers = &[("grpc-status", "5"), ("grpc-message", "no%20such%20run")];
    let at_once = Played { headers: REFUSAL, chunks: None, ..grpc(&[], OK) };
    for played in [at_once, grpc(&[], End::Trailers(REFUSAL)), grpc(&[b"\0\0"], End::Trailers(REFUSAL))] {
        let fault = call(played).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::NotFound);
        assert_eq!(fault.status().unwrap().message(), "no such run");
    }
}

#[tokio::test]
async fn an_invalid_response_is_a_fault() {
    let html = |status| Played {
        status,
        kind: "text/html",
        chunks: Some(vec![Bytes::from_static(b"<html>")]),
        ..grpc(&[], End::Bare)
    };
    for (name, played, kind) in [
        ("503", html(503), FaultKind::Unavailable),
        ("404", html(404), FaultKind::Unimplemented),
        ("401", html(401), FaultKind::Refused),
        ("200", html(200), FaultKind::Internal),
        ("no status", counted(7, End::Bare), FaultKind::Internal),
        ("other trailers", counted(7, End::Trailers(&[("x", "y")])), FaultKind::Internal),
        ("compressed", grpc(&[b"\x01\0\0\0\x02\x08\x07"], OK), FaultKind::Internal),
        ("truncated", grpc(&[b"\0\0\0\0\x02\x08"], OK), FaultKind::Internal),
        ("half a prefix", grpc(&[b"\0\0"], OK), FaultKind::Internal),
        ("nothing", grpc(&[], OK), FaultKind::Internal),
        ("not a message", grpc(&[b"\0\0\0\0\x02\xff\xff"], OK), FaultKind::Internal),
        ("calm", grpc(&[b"\0"], End::Reset(Reason::ENHANCE_YOUR_CALM)), FaultKind::Busy),
        ("refused", grpc(&[b"\0"], End::Reset(Reason::REFUSED_STREAM)), FaultKind::Unavailable),
        ("cancelled", grpc(&[b"\0"], End::Reset(Reason::CANCEL)), FaultKind::Unavailable),
        ("gone", grpc(&[], End::HangsUp), FaultKind::Unavailable),
    ] {
        let fault = call(played).await.expect_err(name);
        assert_eq!(fault.kind(), kind, "{name}: {}", service::chain(&fault));
    }
}

#[tokio::test]
async fn a_fault_says_what_a_proxy_responded() {
    let bare = |status| Played { status, kind: "text/html", chunks: None, ..grpc(&[], End::Bare) };
    let page = |status| Played { chunks: Some(vec![Bytes::from_static(b"<html>")]), ..bare(status) };
    for (played, words) in [
        (bare(502), "cannot be reached: something in front of it responded with HTTP 502"),
        (page(502), "cannot be reached: something in front of it responded with HTTP 502"),
        (bare(429), "cannot be reached: something in front of it responded with HTTP 429"),
        (page(429), "cannot be reached: something in front of it responded with HTTP 429"),
        (bare(401), "rejects our credentials: something in front of it responded with HTTP 401"),
        (page(404), "does not support the call: something in front of it responded with HTTP 404"),
        (bare(418), "failed: something in front of it responded with HTTP 418"),
        (
            grpc(&[b"\0"], End::Reset(Reason::CANCEL)),
            "cannot be reached: it, or something in front of it, cancelled",
        ),
    ] {
        let text = service::chain(&call(played).await.unwrap_err());
        assert!(text.contains(words), "{text}");
        assert!(!text.contains("in time"), "{text}");
    }
}

#[tokio::test]
async fn no_call_fails_when_a_server_closes_its_connections() {
    let peer = Peer::start(true, |_, call| counted(call as i64, OK)).await;
    let connection = peer.connection();
    for number in 0..20 {
        assert_eq!(count(&connection).await.unwrap(), number);
    }
    assert_eq!(peer.connections(), 20);
    let results = join_all((0..20).map(|_| count(&connection))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

#[tokio::test]
async fn a_server_that_is_unavailable_for_long_is_connected_to_again() {
    let peer = Peer::start(false, |connection, _| match connection {
        0 => grpc(&[], AWAY),
        _ => counted(7, OK),
    })
    .await;
    let settings = ConnectionSettings { redial: Duration::ZERO, ..ConnectionSettings::default() };
    let connection = TemporalConnection::with_settings(peer.target(), settings);
    count(&connection).await.unwrap_err();
    assert_eq!(count(&connection).await.unwrap(), 7);
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn an_unavailable_server_is_not_dialled_for_each_call() {
    let peer = Peer::start(false, |_, _| grpc(&[], AWAY)).await;
    let connection = peer.connection();
    for _ in 0..20 {
        assert_eq!(count(&connection).await.unwrap_err().kind(), FaultKind::Unavailable);
    }
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn connections_that_are_replaced_leave_no_tasks_behind() {
    let peer = Peer::start(false, |_, _| grpc(&[], AWAY)).await;
    let settings = ConnectionSettings { redial: Duration::ZERO, ..ConnectionSettings::default() };
    let connection = TemporalConnection::with_settings(peer.target(), settings);
    count(&connection).await.unwrap_err();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..50 {
        count(&connection).await.unwrap_err();
    }
    assert_eq!(peer.connections(), 51);
    harness::eventually(SOON, "the tasks of old connections end", async || tasks() < before + 5).await;
}

#[tokio::test]
async fn a_dead_connection_is_replaced_after_one_call() {
    let peer = Peer::start(false, |connection, _| match connection {
        0 => grpc(&[], End::Dead),
        _ => counted(7, OK),
    })
    .await;
    let connection = peer.connection();
    let since = Instant::now();
    let late = count_within(&connection, Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(late.kind(), FaultKind::DeadlineExceeded);
    harness::eventually(SOON, "the connection is replaced", async || {
        count_within(&connection, Duration::from_millis(300)).await
    })
    .await;
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn a_slow_call_leaves_the_connection_alone() {
    let peer = Peer::start(false, |_, call| match call {
        0 => grpc(&[], End::Never),
        _ => counted(7, OK),
    })
    .await;
    let connection = peer.connection();
    count_within(&connection, Duration::from_millis(300)).await.unwrap_err();
    harness::eventually(SOON, "the probe has responded", async || peer.probes.load(Ordering::SeqCst) > 1)
        .await;
    assert_eq!(count(&connection).await.unwrap(), 7);
    assert_eq!(peer.connections(), 1);
}
