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
use prost::Message;
use temporalio_client::tonic::transport::Channel;
use temporalio_common::protos::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    CountWorkflowExecutionsRequest, StartWorkflowExecutionRequest,
};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use self::answers::Answers;
pub(crate) use self::answers::event;
use self::grpc::Reply;
use crate::load::{Request as HttpRequest, channel};
use crate::scene::{DESCRIBED, Programs, aside};

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
    /// Who wants to know what starts are asked for.
    starts: Option<UnboundedSender<Bytes>>,
}

/// Answers whatever comes, until the process ends.
pub(crate) async fn serve(listen: SocketAddr, events: usize) -> Result<()> {
    let listener = TcpListener::bind(listen).await.context("no port for the stub")?;
    answer_all(listener, events, None).await
}

/// What start this client asks for when it is invoked so.
pub(crate) async fn start_asked_by(
    programs: &Programs,
    invocation: &HttpRequest,
) -> Result<StartWorkflowExecutionRequest> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for a stub")?;
    let address = listener.local_addr()?.to_string();
    let (tell, mut told) = unbounded_channel();
    let answering = tokio::spawn(answer_all(listener, 0, Some(tell)));
    programs.client(&address).await?.ask(invocation).await?;
    answering.abort();
    let message = told.recv().await.context("the workflow client asked for no start")?;
    Ok(StartWorkflowExecutionRequest::decode(message)?)
}

async fn answer_all(
    listener: TcpListener,
    events: usize,
    starts: Option<UnboundedSender<Bytes>>,
) -> Result<()> {
    let answers = Answers::new(DESCRIBED, events);
    let shared = Arc::new(Shared { answers, held: AtomicUsize::new(0), starts });
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
    if let Some(starts) = &shared.starts
        && method == "StartWorkflowExecution"
    {
        // Who no longer listens has heard enough.
        let _ = starts.send(message.clone());
    }
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
