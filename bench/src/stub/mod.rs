//! A frontend of Temporal that answers at once, from memory: it shows what our own processes cost, which the work of a real server hides.

mod answers;
mod grpc;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

use self::answers::Answers;
pub(crate) use self::answers::event;
use self::grpc::Reply;

/// A running stub; it ends with the process.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) address: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    answers: Answers,
    held: AtomicUsize,
}

impl Stub {
    /// Starts it. The run `history_of` has a history of so many events; all others are as if just started.
    pub(crate) async fn start(history_of: &str, events: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the stub")?;
        let address = listener.local_addr()?.to_string();
        let answers = Answers::new(history_of, events);
        let shared = Arc::new(Shared { answers, held: AtomicUsize::new(0) });
        tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self { address, shared })
    }

    /// How many calls are held now, as what they wait for does not happen.
    pub(crate) fn held(&self) -> usize {
        self.shared.held.load(Ordering::Relaxed)
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let service = service_fn(|request| answer(Arc::clone(&shared), request));
            let mut server = http2::Builder::new(TokioExecutor::new());
            server.max_concurrent_streams(100_000);
            // A peer that goes away in the middle is nothing to report.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Reply>, hyper::Error> {
    let (head, body) = request.into_parts();
    let message = grpc::message(body).await?;
    let method = head.uri.path().rsplit('/').next().unwrap_or_default();
    let answer = match shared.answers.to(method, message) {
        answers::Answer::Now(message) => Some(message),
        answers::Answer::Unknown => None,
        answers::Answer::Never => {
            let _open = Held::open(&shared.held);
            std::future::pending::<Option<Bytes>>().await
        }
    };
    Ok(grpc::response(answer))
}

/// Counts a call for as long as it waits.
struct Held<'a>(&'a AtomicUsize);

impl<'a> Held<'a> {
    fn open(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
