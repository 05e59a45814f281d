//! A Temporal frontend that answers at once, from memory. It shows the cost of our own processes, which the
//! work of a real server hides.

mod answers;
mod grpc;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use harness::{Process, eventually, free_port};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

use self::answers::{Answer, Answers};
use self::grpc::Reply;

const READY_WITHIN: Duration = Duration::from_secs(30);

/// A stub in its own process, as a server is. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) address: String,
    _process: Process,
}

impl Stub {
    pub(crate) async fn start() -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port());
        let program = std::env::current_exe().context("no program to start again")?;
        let process = Process::builder(program).args(["stub", &address]).spawn()?;
        eventually(READY_WITHIN, "the stub listens", async || TcpStream::connect(&address).await.is_ok())
            .await;
        Ok(Self { address, _process: process })
    }
}

/// Answers all calls, until the process ends.
pub(crate) async fn serve(listen: SocketAddr) -> Result<()> {
    let answers = Arc::new(Answers::new());
    let listener = TcpListener::bind(listen).await.context("no port for the stub")?;
    loop {
        let (stream, _) = listener.accept().await?;
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let service = service_fn(|request| answer(Arc::clone(&answers), request));
            let mut server = http2::Builder::new(TokioExecutor::new());
            server.max_concurrent_streams(100_000);
            // A peer may disconnect at any time.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(answers: Arc<Answers>, request: Request<Incoming>) -> Result<Response<Reply>, hyper::Error> {
    let (head, body) = request.into_parts();
    let message = grpc::message(body).await?;
    let method = head.uri.path().rsplit('/').next().unwrap_or_default();
    let message = match answers.to(method, message) {
        Answer::Now(message) => Some(message),
        Answer::Unknown => None,
        Answer::Never => std::future::pending::<Option<Bytes>>().await,
    };
    Ok(grpc::response(message))
}
