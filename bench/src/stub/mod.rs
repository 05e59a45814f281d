//! A frontend of Temporal that answers at once, from memory: it shows what our own processes cost, which the work of a real server hides.

mod answers;
mod grpc;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use bytes::Bytes;
use harness::Process;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use temporalio_client::tonic::transport::Channel;
use temporalio_common::protos::temporal::api::workflowservice::v1::CountWorkflowExecutionsRequest;
use temporalio_common::protos::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use tokio::net::TcpListener;

use self::answers::Answers;
pub(crate) use self::answers::event;
use self::grpc::Reply;
use crate::load::channel;
use crate::scene::{DESCRIBED, aside};

/// A running stub, in a process of its own as a server is; it ends with this.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) address: String,
    asked: WorkflowServiceClient<Channel>,
    _process: Process,
}

impl Stub {
    /// Starts it. [`DESCRIBED`] has a history of so many events; all others are as if just started.
    pub(crate) async fn start(events: usize) -> Result<Self> {
        let (process, address) = aside("stub", &[&events.to_string()]).await?;
        let address = address.to_string();
        let asked = WorkflowServiceClient::new(channel(&address).await?);
        Ok(Self { address, asked, _process: process })
    }

    /// How many calls are held now, as what they wait for does not happen.
    pub(crate) async fn held(&self) -> Result<usize> {
        let counted =
            self.asked.clone().count_workflow_executions(CountWorkflowExecutionsRequest::default()).await?;
        Ok(usize::try_from(counted.into_inner().count)?)
    }
}

#[derive(Debug)]
struct Shared {
    answers: Answers,
    held: AtomicUsize,
}

/// Answers whatever comes, until the process ends.
pub(crate) async fn serve(listen: SocketAddr, events: usize) -> Result<()> {
    let shared = Arc::new(Shared { answers: Answers::new(DESCRIBED, events), held: AtomicUsize::new(0) });
    let listener = TcpListener::bind(listen).await.context("no port for the stub")?;
    loop {
        let (stream, _) = listener.accept().await?;
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
    let held = || shared.held.load(Ordering::Relaxed);
    let answer = match shared.answers.to(method, message, held) {
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
