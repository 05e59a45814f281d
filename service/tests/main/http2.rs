//! HTTP/2 on the listener, as hyper's client speaks it: with prior knowledge, and agreed on by TLS.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use futures::future::join_all;
use harness::Wire;
use http::header::CONNECTION;
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::{Builder, SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use service::http::{CutOff, Limits, Options, limited, standard};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::drain::Slow;
use crate::server::{SOON, Server, echo};

/// A caller on one connection.
pub(crate) struct Http2(SendRequest<Full<Bytes>>);

impl Http2 {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap()).await
    }

    pub(crate) async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    /// The answer to one request: status and body.
    pub(crate) async fn ask(&self, request: Request<Full<Bytes>>) -> Result<(u16, String), hyper::Error> {
        let mut sender = self.0.clone();
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        assert_eq!(response.version(), Version::HTTP_2);
        assert!(!response.headers().contains_key(CONNECTION));
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, String::from_utf8(body.to_vec()).unwrap()))
    }

    async fn get(&self, path: &str) -> Result<(u16, String), hyper::Error> {
        self.ask(request("GET", path, "")).await
    }

    /// Waits until the server has asked to use another connection.
    pub(crate) async fn left(&self) {
        harness::eventually(SOON, "GOAWAY", async || self.0.is_closed()).await;
    }
}

fn request(method: &str, path: &str, body: &'static str) -> Request<Full<Bytes>> {
    let uri = format!("http://service.test{path}");
    Request::builder().method(method).uri(uri).body(Full::from(body)).unwrap()
}

#[tokio::test]
async fn callers_who_begin_with_its_preface_speak_http_2() {
    let server = Server::start(echo()).await;
    let caller = Http2::connect(server.address).await;
    // What looks like a request line is none: nothing is rewritten.
    let text = "GET /?\"a\" HTTP/1.1\r\n\r\nGET /?\"a\"`b` HTTP/1.1\r\n\r\n";
    let asked = (0..50).map(|_| caller.ask(request("POST", "/a?b=`c`", text)));
    for answer in join_all(asked).await {
        assert_eq!(answer.unwrap(), (200, format!("POST http://service.test/a?b=`c` [] {text}")));
    }
}

#[tokio::test]
async fn methods_that_begin_as_the_preface_does_are_http_1() {
    let server = Server::start(echo()).await;
    for method in ["P", "PRI", "PRO", "PROPFIND", "PUT"] {
        let mut caller = Wire::connect(server.address).await.unwrap();
        for byte in format!("{method} /?\"a\" HTTP/1.1\r\nHost: x\r\n\r\n").bytes() {
            caller.send([byte]).await.unwrap();
        }
        assert_eq!(caller.answer().await.unwrap().parts(), (200, format!("{method} /?%22a%22 [] ")));
    }
}

#[tokio::test]
async fn a_caller_who_does_not_begin_to_speak_is_not_waited_for() {
    let options = Options { head_timeout: Duration::from_millis(50), ..Options::default() };
    let server = Server::with(echo(), options, Duration::from_secs(30)).await;
    for begun in ["", "P", "PRI * HTTP/2.0\r\n"] {
        let mut caller = Wire::connect(server.address).await.unwrap();
        caller.send(begun).await.unwrap();
        caller.closed().await.unwrap();
    }
}

#[tokio::test]
async fn heads_are_bounded() {
    let options = Options { max_head: 8 << 10, ..Options::default() };
    let server = Server::with(echo(), options, Duration::from_secs(30)).await;
    let caller = Http2::connect(server.address).await;
    let mut large = request("GET", "/", "");
    large.headers_mut().insert("x-note", "n".repeat(9 << 10).parse().unwrap());
    let refused = caller.ask(large).await;
    assert!(refused.is_err() || refused.is_ok_and(|(status, _)| status == 431));
    assert_eq!(caller.get("/next").await.unwrap().0, 200);
}

#[tokio::test]
async fn problems_are_those_of_http_1() {
    let routes = Router::new().route("/", post(async |body: Bytes| body));
    let server = Server::start(standard(routes, 10)).await;
    let caller = Http2::connect(server.address).await;
    let (status, body) = caller.ask(request("POST", "/", "more than ten bytes")).await.unwrap();
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(body.contains("body_too_large"), "{body}");
    // The connection is none the worse.
    assert_eq!(caller.ask(request("POST", "/", "ten bytes")).await.unwrap().0, 200);
}

#[tokio::test]
async fn a_response_that_is_not_read_stays_in_progress() {
    let limits = Limits { requests: 1, waits: 0, is_wait: |_| false, changes: None, reads: None };
    let large = Router::new().route("/large", get(async || vec![0_u8; 1 << 20])).merge(echo());
    let server = Server::start(limited(large, limits)).await;
    let stream = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
    let mut narrow = Builder::new(TokioExecutor::new());
    let (mut sender, connection) =
        narrow.initial_stream_window_size(1).adaptive_window(false).handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let unread = sender.send_request(request("GET", "/large", "")).await.unwrap();
    assert_eq!(unread.headers()["content-length"], (1 << 20).to_string());

    let other = Http2::connect(server.address).await;
    assert_eq!(other.get("/other").await.unwrap().0, 503);
    drop(unread);
    harness::eventually(SOON, "its place is free", async || other.get("/other").await.unwrap().0 == 200)
        .await;
}

#[tokio::test]
async fn requests_under_way_finish_and_connections_are_left() {
    let slow = Slow::start(Duration::from_secs(30)).await;
    let (idle, busy) = (Http2::connect(slow.server.address).await, Http2::connect(slow.server.address).await);
    assert_eq!(idle.get("/first").await.unwrap().0, 200);
    let answer = tokio::spawn(async move { (busy.get("/slow").await, busy) });
    slow.is_asked().await;

    slow.server.shutdown.drain();
    idle.left().await;
    assert!(!slow.server.serving.is_finished());
    slow.may_answer();
    let (answer, busy) = answer.await.unwrap();
    assert_eq!(answer.unwrap(), (200, "at last".to_owned()));
    busy.left().await;
    assert_eq!(timeout(SOON, slow.server.serving).await.unwrap().unwrap(), Ok(()));
}

#[tokio::test]
async fn the_deadline_cuts_requests_off() {
    let slow = Slow::start(Duration::from_millis(50)).await;
    let busy = Http2::connect(slow.server.address).await;
    let answer = tokio::spawn(async move { busy.get("/slow").await });
    slow.is_asked().await;
    slow.server.shutdown.drain();
    assert_eq!(timeout(SOON, slow.server.serving).await.unwrap().unwrap(), Err(CutOff { connections: 1 }));
    assert!(answer.await.unwrap().is_err());
}

#[tokio::test]
async fn a_lingering_listener_leaves_connections_and_answers_on_new_ones() {
    let options = Options { linger: Duration::from_secs(3600), ..Options::default() };
    let server = Server::with(echo(), options, Duration::from_secs(7200)).await;
    let kept = Http2::connect(server.address).await;
    assert_eq!(kept.get("/before").await.unwrap().0, 200);
    server.shutdown.drain();
    kept.left().await;
    let new = Http2::connect(server.address).await;
    for _ in 0..3 {
        assert_eq!(new.get("/meanwhile").await.unwrap().0, 200);
    }
    server.shutdown.stop();
    assert_eq!(timeout(SOON, server.serving).await.unwrap().unwrap(), Ok(()));
}
