//! The listener, plain or with TLS, for HTTP/1 and HTTP/2: one task per connection, drained when the process ends.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::metrics::{counter, describe_counter};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use futures::FutureExt;
use http::header::CONNECTION;
use http::{HeaderValue, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::limits::Held;
use super::opened::Opened;
use super::request_line;
use super::tls::Tls;
use crate::auth::Certified;
use crate::shutdown::Shutdown;

/// How long to wait before accepting again when the machine has no descriptor or memory left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How many requests a caller may have under way on one connection of HTTP/2.
const STREAMS: u32 = 200;
/// How often a caller on HTTP/2 is asked whether it is there, and how long it has to answer. There is no bound on idling.
const PING_EACH: Duration = Duration::from_secs(30);
const PING_WITHIN: Duration = Duration::from_secs(15);

/// Callers whose TLS handshake failed.
const HANDSHAKES_FAILED: &str = "http_server_tls_handshakes_failed_total";

/// What a listener allows its callers.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a caller may take to begin to speak. On HTTP/1 also how long it may take to send the head of a request, and how long
    /// a kept connection may idle.
    pub head_timeout: Duration,
    /// How large the head of a request may be. At least 8 KiB.
    pub max_head: usize,
    /// How long new connections are still taken once the process drains, while `/readyz` says that it does. Kubernetes tells a pod to
    /// end and its own load balancers to leave the pod out at the same time, and the latter takes effect some moments later: a
    /// listener that closes at once refuses the callers of those moments. None by default, as only who is balanced needs it.
    pub linger: Duration,
    /// TLS, and nothing but TLS. None for plain HTTP.
    pub tls: Option<Tls>,
    /// How long a caller may take for the TLS handshake.
    pub handshake_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(30),
            max_head: 64 << 10,
            linger: Duration::ZERO,
            tls: None,
            handshake_timeout: Duration::from_secs(10),
        }
    }
}

/// Requests were dropped at the end of the process.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{connections} connections were cut off, their requests not being answered by the drain deadline")]
pub struct CutOff {
    /// The connections with a request under way.
    pub connections: usize,
}

/// Serve until the process drains and has lingered: then accept no more, close idle connections, and let requests under way finish.
/// While it lingers, callers are asked to come back on another connection: with each answer on HTTP/1, by GOAWAY on HTTP/2.
///
/// # Errors
/// When requests were still under way at the hard stop.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: &Shutdown,
    options: Options,
) -> Result<(), CutOff> {
    describe_counter!(HANDSHAKES_FAILED, "TLS handshakes that failed or took too long");
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, tls = options.tls.is_some(), "listening");
    }
    let server = Versions::new(&options);
    let connections = TaskTracker::new();
    let cut = Arc::new(AtomicUsize::new(0));
    let closing = Closing { shutdown: shutdown.clone(), linger: options.linger };
    let admit = |(stream, peer): (TcpStream, SocketAddr)| {
        let caller =
            Caller { peer, server: server.clone(), router: router.clone(), closing: closing.clone() };
        let (tls, handshake_timeout) = (options.tls.clone(), options.handshake_timeout);
        let cut = Arc::clone(&cut);
        connections.spawn(async move {
            if meet(stream, caller, tls, handshake_timeout).await.is_err() {
                cut.fetch_add(1, Ordering::Relaxed);
            }
        });
    };
    let mut lingered = pin!(closing.lingered());
    loop {
        tokio::select! {
            biased;
            () = &mut lingered => break,
            accepted = listener.accept() => match accepted {
                Ok(connection) => admit(connection),
                Err(error) => pause_after(&error).await,
            },
        }
    }
    // Callers who came before the end wait in the backlog; dropping the listener would reset them.
    while let Some(Ok(connection)) = listener.accept().now_or_never() {
        admit(connection);
    }
    drop(listener);
    connections.close();
    // Each ends by itself at the hard stop, if not before.
    connections.wait().await;
    match cut.load(Ordering::Relaxed) {
        0 => Ok(()),
        connections => Err(CutOff { connections }),
    }
}

/// A caller that hung up before we accepted is nobody's fault; anything else may last.
async fn pause_after(error: &io::Error) {
    if !matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    ) {
        tracing::error!(%error, "cannot accept connections");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// When connections close.
#[derive(Clone)]
struct Closing {
    shutdown: Shutdown,
    linger: Duration,
}

impl Closing {
    /// Ends when the process has drained for as long as it lingers, or must stop.
    async fn lingered(&self) {
        self.shutdown.draining().await;
        if !self.linger.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(self.linger) => {}
                () = self.shutdown.stopped() => {}
            }
        }
    }
}

/// The connection had a request under way at the hard stop.
struct Dropped;

/// How each version of HTTP is spoken.
#[derive(Clone)]
struct Versions {
    head_timeout: Duration,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Versions {
    fn new(options: &Options) -> Self {
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(options.head_timeout);
        // The first bounds a head that has come, the second one that does not end.
        http1.max_header_size(options.max_head).max_buf_size(options.max_head.max(8 << 10));
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(options.max_head).unwrap_or(u32::MAX))
            .max_concurrent_streams(STREAMS)
            .keep_alive_interval(PING_EACH)
            .keep_alive_timeout(PING_WITHIN);
        Self { head_timeout: options.head_timeout, http1, http2 }
    }
}

/// One caller, and what is there to answer.
struct Caller {
    peer: SocketAddr,
    server: Versions,
    router: Router,
    closing: Closing,
}

/// One connection, to its end.
async fn meet(
    stream: TcpStream,
    caller: Caller,
    tls: Option<Tls>,
    handshake_timeout: Duration,
) -> Result<(), Dropped> {
    // Answers are small and each is waited for.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, peer = %caller.peer, "cannot set TCP_NODELAY");
    }
    let Some(tls) = tls else { return converse(stream, caller, None).await };
    // A handshake goes on though the process drains: the request that follows it may be on its way.
    let greeted = tokio::select! {
        greeted = timeout(handshake_timeout, tls.acceptor().accept(stream)) => greeted,
        // There is no request yet to be dropped.
        () = caller.closing.shutdown.stopped() => return Ok(()),
    };
    match greeted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(stream) => {
            let certified = certified(&stream);
            Box::pin(converse(stream, caller, certified)).await
        }
        Err(error) => {
            counter!(HANDSHAKES_FAILED).increment(1);
            tracing::debug!(error = crate::chain(&error), peer = %caller.peer, "no TLS handshake");
            Ok(())
        }
    }
}

/// The certificate that the caller has shown, if any; one that is not vouched for ends the handshake.
fn certified(stream: &TlsStream<TcpStream>) -> Option<Certified> {
    stream.get_ref().1.peer_certificates()?.first().map(Certified::new)
}

/// One connection on which bytes come in clear, by the version of HTTP that the caller speaks.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    Caller { peer, server, router, closing }: Caller,
    certified: Option<Certified>,
) -> Result<(), Dropped> {
    let opened = tokio::select! {
        // First, so that a caller who has begun to speak is answered although the process drains.
        biased;
        opened = timeout(server.head_timeout, Opened::new(stream)) => opened,
        () = closing.lingered() => return Ok(()),
    };
    let Ok(Ok(stream)) = opened else {
        tracing::debug!(%peer, "a caller did not begin to speak");
        return Ok(());
    };
    let shutdown = closing.shutdown.clone();
    let respond = move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        if let Some(certified) = &certified {
            request.extensions_mut().insert(certified.clone());
        }
        answer(router.clone(), request.map(Body::new), shutdown.clone())
    };
    if stream.is_http2() {
        let under_way = Arc::new(());
        let counted = Arc::clone(&under_way);
        let service = service_fn(move |request| {
            let (answer, counted) = (respond(request), Arc::clone(&counted));
            async move { answer.await.map(|answer| answer.map(|body| Body::new(Held::new(body, counted)))) }
        });
        let connection = server.http2.serve_connection(TokioIo::new(stream), service);
        // Those who come while the process lingers have nowhere else to go yet.
        let come_late = closing.shutdown.is_draining();
        let leave =
            async { if come_late { closing.lingered().await } else { closing.shutdown.draining().await } };
        // One reference is ours, one the connection's, and all others those of requests.
        let is_busy = || Arc::strong_count(&under_way) > 2;
        Box::pin(to_end(connection, leave, &closing.shutdown, is_busy, peer)).await
    } else {
        let connection = server.http1.serve_connection(TokioIo::new(stream), service_fn(respond));
        // An idle one ends as soon as it is left.
        to_end(connection, closing.lingered(), &closing.shutdown, || true, peer).await
    }
}

/// Speaks until the caller ends the connection, or until it is done with after `leave`.
async fn to_end(
    connection: impl GracefulConnection<Error = hyper::Error>,
    leave: impl Future<Output = ()>,
    shutdown: &Shutdown,
    is_busy: impl Fn() -> bool,
    peer: SocketAddr,
) -> Result<(), Dropped> {
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        // First, so that a request that has arrived is answered although the process drains.
        biased;
        ended = connection.as_mut() => ended,
        () = leave => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                biased;
                ended = connection => ended,
                () = shutdown.stopped() => return if is_busy() { Err(Dropped) } else { Ok(()) },
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = crate::chain(&error), %peer, "connection ended early");
    }
    Ok(())
}

/// The same request with a head of its own. The one that hyper has read lies in the connection's buffer and keeps all of it, 8 KiB, from
/// being used again, so that a request that waits would hold two.
fn detached(request: Request) -> Request {
    let (mut head, body) = request.into_parts();
    for value in head.headers.values_mut() {
        // What was a header's value is one.
        if let Ok(own) = HeaderValue::from_bytes(value.as_bytes()) {
            *value = own;
        }
    }
    if let Ok(own) = head.uri.to_string().parse() {
        head.uri = own;
    }
    Request::from_parts(head, body)
}

async fn answer(
    mut router: Router,
    mut request: Request,
    shutdown: Shutdown,
) -> Result<Response, Infallible> {
    let http2 = request.version() == Version::HTTP_2;
    if !http2 {
        request = detached(request);
        if let Some(uri) = request_line::restored(request.uri()) {
            *request.uri_mut() = uri;
        }
    }
    let mut response = router.call(request).await?;
    if http2 {
        // There the stream ends, and no connection.
        response.headers_mut().remove(CONNECTION);
    } else if shutdown.is_draining() {
        // Closing right after an answer races with no request of the caller's; closing an idle connection may.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
