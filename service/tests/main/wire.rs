//! A server in this process, and callers who speak HTTP byte by byte.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use service::http::{CutOff, Options, serve};
use service::shutdown::Shutdown;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// No answer takes longer.
pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) serving: JoinHandle<Result<(), CutOff>>,
}

impl Server {
    pub(crate) async fn start(router: Router) -> Self {
        Self::with(router, Options::default(), Duration::from_secs(30)).await
    }

    pub(crate) async fn with(router: Router, options: Options, deadline: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new(deadline);
        let serving = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { serve(listener, router, &shutdown, options).await }
        });
        Self { address, shutdown, serving }
    }
}

/// Answers with what it was asked: method, target, the header `x-note`, the body.
pub(crate) fn echo() -> Router {
    async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> String {
        let note = headers.get("x-note").map(|note| note.to_str().unwrap().to_owned()).unwrap_or_default();
        format!("{method} {uri} [{note}] {}", String::from_utf8_lossy(&body))
    }
    Router::new().fallback(echo)
}

/// What a caller speaks over: TCP, or TLS on it.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire for S {}

pub(crate) struct Caller {
    stream: Box<dyn Wire>,
    read: Vec<u8>,
}

impl Caller {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    pub(crate) fn over(stream: impl Wire + 'static) -> Self {
        Self { stream: Box::new(stream), read: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
        // Give the server a chance to read this part on its own.
        tokio::task::yield_now().await;
    }

    /// The next answer: status and body.
    pub(crate) async fn answer(&mut self) -> (u16, String) {
        let head = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = self.read.drain(..end + 4).collect();
                break String::from_utf8(head).unwrap().to_ascii_lowercase();
            }
            assert!(
                self.more().await,
                "the connection ended; read so far: {}",
                String::from_utf8_lossy(&self.read)
            );
        };
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok())
            .unwrap_or_default();
        while self.read.len() < length {
            assert!(self.more().await, "the connection ended within a body");
        }
        let body = self.read.drain(..length).collect();
        (status, String::from_utf8(body).unwrap())
    }

    /// Wait for the server to close the connection, with nothing more said.
    pub(crate) async fn closed(mut self) {
        assert!(!self.more().await, "unexpected: {}", String::from_utf8_lossy(&self.read));
    }

    async fn more(&mut self) -> bool {
        let read = timeout(SOON, self.stream.read_buf(&mut self.read)).await.expect("an answer in time");
        // A connection that was reset is closed too.
        read.is_ok_and(|length| length > 0)
    }
}
