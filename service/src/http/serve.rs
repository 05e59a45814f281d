//! The listener, plain or with TLS, for HTTP/1 and HTTP/2: one task for each connection, drained when the process ends.

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
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header::{CONNECTION, HOST};
use http::{HeaderValue, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::task::TaskTracker;
use tower::Service;
use workflow_api::Problem;

use super::limits::Held;
use super::opened::opened;
use super::request_line;
use super::tls::Tls;
use crate::auth::Certified;
use crate::problem::ProblemResponse;
use crate::shutdown::Shutdown;

/// How long to wait before accepting again when the machine has no descriptor or memory left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How many requests a caller may have in progress on one connection of HTTP/2.
const STREAMS: u32 = 200;
/// How often a caller on HTTP/2 gets a PING, and how long it has to respond. There is no bound on idling.
const PING_EACH: Duration = Duration::from_secs(30);
const PING_WITHIN: Duration = Duration::from_secs(15);

const HANDSHAKES_FAILED: &str = "http_server_tls_handshakes_failed_total";

/// What a listener allows its callers.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a caller may take to begin to speak. On HTTP/1 also how long it may take to send the head of a request,
    /// and how long a kept connection may idle.
    pub head_timeout: Duration,
    /// How large the head of a request may be. At least 8 KiB.
    pub max_head: usize,
    /// How long new connections are still accepted once the process drains, while `/readyz` reports that it does.
    /// Kubernetes ends a pod and takes it out of load balancing at the same time, and the latter takes effect some
    /// moments later: a listener that closes at once refuses the callers of those moments. Zero by default, because
    /// only a process behind a load balancer needs it.
    pub linger: Duration,
    /// TLS, and nothing but TLS. `None` for plain HTTP.
    pub tls: Option<Tls>,
    /// How long a caller may take for the TLS handshake.
    pub handshake_timeout: Duration,
    /// How long a caller may accept no byte of a response. Linux only.
    pub write_timeout: Duration,
    /// How long a connection takes new requests if its caller has shown a certificate, which may expire meanwhile.
    pub certified_for: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(30),
            max_head: 64 << 10,
            linger: Duration::ZERO,
            tls: None,
            handshake_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(60),
            certified_for: Duration::from_secs(600),
        }
    }
}

/// Requests were dropped at the end of the process.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{connections} connections were cut off at the drain deadline, before their requests had a response")]
pub struct CutOff {
    /// The connections with a request in progress.
    pub connections: usize,
}

/// Serves until the process drains and has lingered: then accepts no more, closes idle connections, and lets requests
/// in progress finish. While it lingers, callers are asked to come back on another connection: with each response on
/// HTTP/1, by GOAWAY on HTTP/2.
///
/// # Errors
/// When requests were still in progress at the hard stop.
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
    let server = Arc::new(Server::new(router, shutdown, options));
    let connections = TaskTracker::new();
    let cut = Arc::new(AtomicUsize::new(0));
    let admit = |(stream, peer): (TcpStream, SocketAddr)| {
        let (server, cut) = (Arc::clone(&server), Arc::clone(&cut));
        connections.spawn(async move {
            if server.connection(stream, peer).await.is_err() {
                cut.fetch_add(1, Ordering::Relaxed);
            }
        });
    };
    let mut lingered = pin!(server.lingered());
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
    // Callers that came before the end wait in the backlog; dropping the listener would reset them.
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

/// Waits, unless only the caller has hung up before we accepted: any other error may last.
async fn pause_after(error: &io::Error) {
    if !matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    ) {
        tracing::error!(%error, "cannot accept connections");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// The connection had a request in progress at the hard stop.
struct Dropped;

/// What the connections of a listener share.
struct Server {
    router: Router,
    shutdown: Shutdown,
    options: Options,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Server {
    fn new(router: Router, shutdown: &Shutdown, options: Options) -> Self {
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(options.head_timeout);
        // The first bounds a head that has arrived, the second one that does not end.
        http1.max_header_size(options.max_head).max_buf_size(options.max_head.max(8 << 10));
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(options.max_head).unwrap_or(u32::MAX))
            .max_concurrent_streams(STREAMS)
            .keep_alive_interval(PING_EACH)
            .keep_alive_timeout(PING_WITHIN);
        Self { router, shutdown: shutdown.clone(), options, http1, http2 }
    }

    /// Ends when the process has drained for as long as it lingers, or must stop.
    async fn lingered(&self) {
        self.shutdown.draining().await;
        let _ = timeout(self.options.linger, self.shutdown.stopped()).await;
    }

    /// Serves one connection to its end.
    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) -> Result<(), Dropped> {
        // Responses are small and callers wait for each.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, %peer, "cannot set TCP_NODELAY");
        }
        // The kernel sees best what a caller accepts, also one that is gone.
        #[cfg(target_os = "linux")]
        if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(self.options.write_timeout)) {
            tracing::debug!(%error, %peer, "cannot set TCP_USER_TIMEOUT");
        }
        let Some(tls) = &self.options.tls else { return self.in_clear(stream, peer, None).await };
        let tls = tls.handshake();
        // A handshake goes on although the process drains: the request that follows it may be on its way.
        let handshake = tokio::select! {
            handshake = timeout(self.options.handshake_timeout, tls.acceptor().accept(stream)) => handshake,
            // No request can be lost yet.
            () = self.shutdown.stopped() => return Ok(()),
        };
        match handshake.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => {
                // A certificate that no authority has signed ends the handshake.
                let chain = stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
                let certified = chain.first().map(Certified::new);
                tokio::select! {
                    ended = Box::pin(self.in_clear(stream, peer, certified)) => ended,
                    () = tls.refuses(chain) => {
                        tracing::info!(%peer, "a connection was closed: its certificate is no longer accepted");
                        Ok(())
                    }
                }
            }
            Err(error) => {
                counter!(HANDSHAKES_FAILED).increment(1);
                tracing::debug!(error = crate::chain(&error), %peer, "no TLS handshake");
                Ok(())
            }
        }
    }

    /// Serves a connection whose bytes arrive in clear, by the version of HTTP that the caller speaks.
    async fn in_clear(
        self: &Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: SocketAddr,
        certified: Option<Certified>,
    ) -> Result<(), Dropped> {
        let opened = tokio::select! {
            // First, so that a caller that has begun to speak gets its response although the process drains.
            biased;
            opened = timeout(self.options.head_timeout, opened(stream)) => opened,
            () = self.lingered() => return Ok(()),
        };
        let Ok(Ok((stream, is_http2))) = opened else {
            tracing::debug!(%peer, "a caller did not begin to speak");
            return Ok(());
        };
        let in_progress = Arc::new(());
        let ages = certified.is_some().then(|| Instant::now() + self.options.certified_for);
        let service = service_fn({
            let (server, in_progress) = (Arc::clone(self), Arc::clone(&in_progress));
            move |mut request: hyper::Request<Incoming>| {
                request.extensions_mut().insert(ConnectInfo(peer));
                if let Some(certified) = &certified {
                    request.extensions_mut().insert(certified.clone());
                }
                let (server, in_progress) = (Arc::clone(&server), Arc::clone(&in_progress));
                async move {
                    let response = server.respond(request.map(Body::new), ages).await?;
                    Ok::<_, Infallible>(response.map(|body| Body::new(Held::new(body, in_progress))))
                }
            }
        });
        // One reference is ours, one the connection's, and all others those of requests.
        let is_busy = || Arc::strong_count(&in_progress) > 2;
        if is_http2 {
            let connection = self.http2.serve_connection(TokioIo::new(stream), service);
            // Callers that come while the process lingers have nowhere else to go yet.
            let came_late = self.shutdown.is_draining();
            let leave = async {
                tokio::select! {
                    () = self.lingered(), if came_late => {}
                    () = self.shutdown.draining(), if !came_late => {}
                    () = passed(ages) => {}
                }
            };
            Box::pin(self.to_end(connection, leave, is_busy, peer)).await
        } else {
            let connection = self.http1.serve_connection(TokioIo::new(stream), service);
            self.to_end(connection, self.lingered(), is_busy, peer).await
        }
    }

    /// Serves until the caller ends the connection, or after `leave` until no request is in progress.
    async fn to_end(
        &self,
        connection: impl GracefulConnection<Error = hyper::Error>,
        leave: impl Future<Output = ()>,
        is_busy: impl Fn() -> bool,
        peer: SocketAddr,
    ) -> Result<(), Dropped> {
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            // First, so that a request that has arrived gets its response although the process drains.
            biased;
            ended = connection.as_mut() => ended,
            () = leave => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    biased;
                    ended = connection => ended,
                    () = self.shutdown.stopped() => return if is_busy() { Err(Dropped) } else { Ok(()) },
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(error = crate::chain(&error), %peer, "connection ended early");
        }
        Ok(())
    }

    /// Responds to a request on a connection that takes none any more after `ages`.
    async fn respond(&self, mut request: Request, ages: Option<Instant>) -> Result<Response, Infallible> {
        let is_http2 = request.version() == Version::HTTP_2;
        let hosts = request.headers().get_all(HOST).iter().count();
        if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
            // Servers on the way could each believe another one (RFC 9112 §3.2).
            let problem = Problem::new(400, "bad_request", "Send exactly one `Host` header");
            return Ok(ProblemResponse::new(problem).into_response());
        }
        if !is_http2 {
            request = detached(request);
            if let Some(uri) = request_line::restored(request.uri()) {
                *request.uri_mut() = uri;
            }
        }
        let mut response = self.router.clone().call(request).await?;
        if is_http2 {
            // There the stream ends, and no connection.
            response.headers_mut().remove(CONNECTION);
        } else if self.shutdown.is_draining() || ages.is_some_and(|ages| Instant::now() >= ages) {
            // Closing right after a response races with no request of the caller's; closing an idle connection may.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}

/// Ends at this moment, if there is one.
async fn passed(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Returns the request with a head of its own. The one that hyper has read lies in the connection's buffer and keeps
/// all of it, 8 KiB, from being used again, so that a request that waits would hold two.
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
