//! Load over HTTP/1.1, one connection each, as bridges and administrators call.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use uuid::Uuid;

use super::Call;

/// What stands in a body where each request has a UUID of its own.
pub(crate) const UUID: &str = "@uuid@";

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: Method,
    path: String,
    /// Around the UUIDs.
    body: Arc<Vec<String>>,
    /// What is expected.
    status: StatusCode,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: Arc::default(), status: StatusCode::OK }
    }

    pub(crate) fn post(path: impl Into<String>, body: &str) -> Self {
        let body = Arc::new(body.split(UUID).map(str::to_owned).collect());
        Self { method: Method::POST, path: path.into(), body, status: StatusCode::NO_CONTENT }
    }

    pub(crate) fn expects(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

/// A connection of one's own, over which one request is made again and again.
pub(crate) struct HttpCall {
    sender: SendRequest<Full<Bytes>>,
    port: u16,
    host: String,
    request: Request,
}

impl HttpCall {
    pub(crate) async fn connect(port: u16, request: &Request) -> Result<Self> {
        Ok(Self {
            sender: dial(port).await?,
            port,
            host: format!("127.0.0.1:{port}"),
            request: request.clone(),
        })
    }

    /// The answer's body, once it has the status that is expected.
    pub(crate) async fn ask(&mut self) -> Result<Bytes> {
        let Request { method, path, body, status } = &self.request;
        let body = match body.as_slice() {
            [body] => body.clone(),
            parts => parts.join(&Uuid::new_v4().to_string()),
        };
        let request = http::Request::builder()
            .method(method)
            .uri(path.as_str())
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))?;
        if self.sender.ready().await.is_err() {
            // Servers close what was idle for long, as it is while others are measured.
            self.sender = dial(self.port).await?;
            self.sender.ready().await?;
        }
        let answer = self.sender.send_request(request).await?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        ensure!(
            head.status == *status,
            "{method} {path}: {}: {}",
            head.status,
            String::from_utf8_lossy(&body)
        );
        Ok(body)
    }
}

async fn dial(port: u16) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.with_context(|| format!("port {port}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // An error of the connection is one of the call that is under way on it.
    tokio::spawn(connection);
    Ok(sender)
}

impl Call for HttpCall {
    async fn call(&mut self) -> Result<()> {
        self.ask().await.map(drop)
    }
}
