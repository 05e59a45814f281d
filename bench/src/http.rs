//! Calls over HTTP/1.1, as bridges and administrators make them.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::load::Call;

/// Replaced in a body with a new UUID for each request.
pub(crate) const UUID: &str = "@uuid@";

/// A request, and the expected status of the response.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: Method,
    path: String,
    /// The bearer token; empty for none.
    token: String,
    body: Bytes,
    /// `None`: any.
    status: Option<StatusCode>,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { status: Some(StatusCode::OK), ..Self::any(Method::GET, path, Bytes::new()) }
    }

    pub(crate) fn post(path: impl Into<String>, body: impl ToString, status: StatusCode) -> Self {
        Self { status: Some(status), ..Self::any(Method::POST, path, body.to_string().into()) }
    }

    /// A request that creates a document.
    pub(crate) fn put(path: impl Into<String>, body: impl ToString) -> Self {
        let status = Some(StatusCode::CREATED);
        Self { status, ..Self::any(Method::PUT, path, body.to_string().into()) }
    }

    /// A request that may get a response of any status.
    pub(crate) fn any(method: Method, path: impl Into<String>, body: Bytes) -> Self {
        Self { method, path: path.into(), token: String::new(), body, status: None }
    }

    /// Adds a bearer token.
    pub(crate) fn with_token(self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self }
    }
}

/// A connection over which one request is made again and again.
pub(crate) struct HttpCall {
    sender: SendRequest<Full<Bytes>>,
    port: u16,
    request: Request,
    /// The body, if it contains [`UUID`].
    template: Option<String>,
}

impl HttpCall {
    pub(crate) async fn connect(port: u16, request: &Request) -> Result<Self> {
        let template = str::from_utf8(&request.body).ok().filter(|body| body.contains(UUID));
        let template = template.map(str::to_owned);
        Ok(Self { sender: dial(port).await?, port, request: request.clone(), template })
    }

    /// Makes the request, and returns the body of the response.
    pub(crate) async fn ask(&mut self) -> Result<String> {
        let body = self.send().await?.collect().await?.to_bytes();
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Makes the request, and returns the body of the response before it is read.
    async fn send(&mut self) -> Result<Incoming> {
        let Request { method, path, token, body, status } = &self.request;
        let body = match &self.template {
            Some(template) => template.replace(UUID, &Uuid::new_v4().to_string()).into(),
            None => body.clone(),
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(path.as_str())
            .header(HOST, format!("127.0.0.1:{}", self.port))
            .header(CONTENT_TYPE, "application/json");
        if !token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::from(body))?;
        if self.sender.ready().await.is_err() {
            // Servers close connections that were idle for long, for example while others were measured.
            self.sender = dial(self.port).await?;
            self.sender.ready().await?;
        }
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        if status.is_some_and(|status| head.status != status) {
            let text = String::from_utf8_lossy(&body.collect().await?.to_bytes()).into_owned();
            bail!("{method} {path}: {}: {text}", head.status);
        }
        Ok(body)
    }
}

async fn dial(port: u16) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.with_context(|| format!("port {port}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // The call in progress returns an error of its connection too.
    tokio::spawn(connection);
    Ok(sender)
}

impl Call for HttpCall {
    /// Reads the whole response, and keeps nothing of it.
    async fn call(&mut self) -> Result<()> {
        let mut body = self.send().await?;
        while let Some(frame) = body.frame().await {
            frame?;
        }
        Ok(())
    }
}
