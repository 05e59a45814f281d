//! A scripted workflow client that records its requests.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use futures::future::BoxFuture;
use http::header::X_CONTENT_TYPE_OPTIONS;
use http::{HeaderMap, Method, StatusCode, Uri};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A recorded request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A workflow client on a port of its own.
pub(crate) struct ScriptedClient {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// The response to the question whether idempotency keys are supported.
#[derive(Clone, Copy)]
enum Keys {
    Supported,
    Unknown,
    NoResponse,
}

#[derive(Clone)]
struct Script {
    asked: Arc<Mutex<Vec<Asked>>>,
    keys: Keys,
    answer: Arc<dyn Fn(Bytes) -> BoxFuture<'static, Response> + Send + Sync>,
}

impl ScriptedClient {
    /// Responds to every request with the result of `answer`.
    pub(crate) async fn start<F>(answer: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output: IntoResponse> + Send + 'static,
    {
        Self::start_with_body(move |_| answer()).await
    }

    /// Responds to every request with the result of `answer`, which gets the body.
    pub(crate) async fn start_with_body<F>(answer: impl Fn(Bytes) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output: IntoResponse> + Send + 'static,
    {
        Self::scripted(Keys::Unknown, answer).await
    }

    /// Supports idempotency keys, as our clients do.
    pub(crate) async fn with_keys<F>(answer: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output: IntoResponse> + Send + 'static,
    {
        Self::scripted(Keys::Supported, move |_| answer()).await
    }

    /// Does not respond to the question whether it supports idempotency keys.
    pub(crate) async fn silent_about_keys<F>(answer: impl Fn(Bytes) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output: IntoResponse> + Send + 'static,
    {
        Self::scripted(Keys::NoResponse, answer).await
    }

    async fn scripted<F>(keys: Keys, answer: impl Fn(Bytes) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output: IntoResponse> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let answer = Arc::new(move |body| answer(body).map(IntoResponse::into_response).boxed());
        let script = Script { asked: Arc::clone(&asked), keys, answer };
        let router = Router::new().fallback(note).with_state(script);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, asked }
    }

    /// Responds with this error, in the format of Go's `http.Error`.
    pub(crate) async fn refusing(status: StatusCode, text: impl Into<String>) -> Self {
        let text = text.into();
        Self::start(move || {
            let text = text.clone();
            async move { (status, [(X_CONTENT_TYPE_OPTIONS, "nosniff")], text) }
        })
        .await
    }

    /// Responds like EMCO's clients: 204 and nothing else.
    pub(crate) async fn emco() -> Self {
        Self::start(|| async { StatusCode::NO_CONTENT }).await
    }

    /// Responds like our clients: 204 with the run in headers.
    pub(crate) async fn ours(workflow_id: &'static str, run_id: &'static str) -> Self {
        Self::start(move || async move {
            (StatusCode::NO_CONTENT, [("Workflow-Id", workflow_id), ("Run-Id", run_id)])
        })
        .await
    }

    /// Accepts every connection and closes it.
    pub(crate) async fn hanging_up() -> Self {
        Self::on_wire(|_| None).await
    }

    /// Responds like EMCO's clients, but loses its responses to starts.
    pub(crate) async fn losing_answers() -> Self {
        Self::on_wire(|method| {
            (method == "OPTIONS").then_some("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
        })
        .await
    }

    /// Responds by method, or closes the connection. The recorded requests have no headers.
    async fn on_wire(answer: fn(&str) -> Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let notes = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 16 << 10];
                let read = stream.read(&mut request).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&request[..read]).into_owned();
                let mut words = text.split_whitespace();
                let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
                match answer(method) {
                    Some(answer) => drop(stream.write_all(answer.as_bytes()).await),
                    None => notes.lock().unwrap().push(Asked {
                        method: method.parse().unwrap(),
                        uri: path.parse().unwrap(),
                        headers: HeaderMap::new(),
                        body: Bytes::new(),
                    }),
                }
            }
        });
        Self { port, asked }
    }

    /// Returns the recorded requests.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Returns the only recorded request.
    pub(crate) fn asked_once(&self) -> Asked {
        let [asked] = self.asked().try_into().unwrap();
        asked
    }
}

async fn note(
    State(script): State<Script>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if method == Method::OPTIONS {
        return match script.keys {
            Keys::Supported => {
                (StatusCode::NO_CONTENT, [("Accepts-Idempotency-Key", "true")]).into_response()
            }
            // As in Go's router (EMCO-API §0.3).
            Keys::Unknown => StatusCode::METHOD_NOT_ALLOWED.into_response(),
            Keys::NoResponse => std::future::pending().await,
        };
    }
    script.asked.lock().unwrap().push(Asked { method, uri, headers, body: body.clone() });
    (script.answer)(body).await
}
