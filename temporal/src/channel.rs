//! gRPC to one Temporal server, over one HTTP/2 connection that is made again when it breaks.
//!
//! It takes the place of the SDK's own channel (as `service_override`), for the time that takes: there a call passes through three
//! tasks, and its head, its message and its end go out in a packet each, which wakes the server three times. Here whoever calls writes
//! all of it at once. Temporal's calls are unary, so nothing else is needed.

mod call;
mod dial;
mod sdk;
mod tls;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use h2::client::SendRequest;
use http::header::{CONTENT_TYPE, TE, USER_AGENT};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::Message;
use temporalio_client::tonic::Status;

pub use self::dial::DialError;
pub(super) use self::dial::{Dial, Place};
pub(super) use self::sdk::service;
use super::method::Method;
use service::chain;

/// The service whose methods [`Method`] names.
const SERVICE: &str = "temporal.api.workflowservice.v1.WorkflowService";
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("temporal-emco/", env!("CARGO_PKG_VERSION")));
/// As many milliseconds as a `grpc-timeout` can say, in eight digits.
const LONGEST: u128 = 99_999_999;

/// Whom a call is addressed to, whichever address is dialled.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
}

/// A connection to one server; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dial: Dial,
    headers: HeaderMap,
    /// How long a connection may take to be made.
    within: Duration,
    link: Mutex<Link>,
    /// How many connections there were.
    lines: AtomicU64,
}

/// The connection as it stands.
enum Link {
    Down,
    /// Being made, once for all who need it.
    Dialling(Attempt),
    Up(Line),
}

/// One connection, until it breaks.
#[derive(Clone)]
struct Line {
    /// The how manieth it is.
    number: u64,
    sender: SendRequest<Bytes>,
}

type Attempt = Shared<BoxFuture<'static, Result<Line, Arc<DialError>>>>;

impl Channel {
    /// Connects. `headers` are those of each call.
    ///
    /// # Errors
    /// When nobody is there who speaks HTTP/2.
    pub(super) async fn connect(
        dial: Dial,
        mut headers: HeaderMap,
        within: Duration,
    ) -> Result<Self, Arc<DialError>> {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(USER_AGENT, AGENT);
        let inner =
            Arc::new(Inner { dial, headers, within, link: Mutex::new(Link::Down), lines: AtomicU64::new(0) });
        inner.line(None).await?;
        Ok(Self { inner })
    }

    /// Asks the server, which is told to give up after `bound`; whoever asks has to see to that, too.
    pub(super) async fn ask<Q: Method>(&self, bound: Duration, request: &Q) -> Result<Q::Answer, Status> {
        let mut headers = self.inner.headers.clone();
        let bound = HeaderValue::try_from(format!("{}m", bound.as_millis().min(LONGEST)));
        headers.insert(GRPC_TIMEOUT, bound.map_err(|error| Status::internal(error.to_string()))?);
        let head = call::head(self.origin(), format!("/{SERVICE}/{}", Q::NAME), headers)?;
        let message = call::framed(request)?;
        let answer = call::exchange(self.sender().await?, head, message).await?;
        Q::Answer::decode(answer.message).map_err(|error| Status::internal(error.to_string()))
    }

    fn origin(&self) -> &Origin {
        self.inner.dial.origin()
    }

    async fn sender(&self) -> Result<SendRequest<Bytes>, Status> {
        self.inner.sender().await
    }
}

impl Inner {
    /// Where a call can be sent: over the connection that there is, or else over a new one.
    async fn sender(self: &Arc<Self>) -> Result<SendRequest<Bytes>, Status> {
        let unavailable = |error: &(dyn std::error::Error + 'static)| Status::unavailable(chain(error));
        let Line { number, sender } = self.line(None).await.map_err(|error| unavailable(&*error))?;
        if let Ok(ready) = sender.ready().await {
            return Ok(ready);
        }
        // Nothing was sent over it, so nothing is lost.
        let line = self.line(Some(number)).await.map_err(|error| unavailable(&*error))?;
        line.sender.ready().await.map_err(|error| unavailable(&error))
    }

    /// The connection that there is, unless it is the `broken` one; else one that is made now. Callers who come meanwhile await the same.
    async fn line(self: &Arc<Self>, broken: Option<u64>) -> Result<Line, Arc<DialError>> {
        let attempt = match &mut *self.link() {
            Link::Up(line) if broken != Some(line.number) => return Ok(line.clone()),
            Link::Dialling(attempt) => attempt.clone(),
            link => {
                let attempt = self.begin();
                *link = Link::Dialling(attempt.clone());
                attempt
            }
        };
        attempt.await
    }

    /// Dials, in a task that no caller's end breaks off.
    fn begin(self: &Arc<Self>) -> Attempt {
        let inner = Arc::clone(self);
        let task = tokio::spawn(async move {
            let made = match tokio::time::timeout(inner.within, inner.dial.connect()).await {
                Ok(made) => made,
                Err(_) => Err(DialError::Silent(inner.within)),
            };
            let number = inner.lines.fetch_add(1, Ordering::Relaxed);
            let line = made.map(|sender| Line { number, sender }).map_err(Arc::new);
            *inner.link() = line.as_ref().map_or(Link::Down, |line| Link::Up(line.clone()));
            line
        });
        let inner = Arc::downgrade(self);
        let made = async move {
            task.await.unwrap_or_else(|_| {
                if let Some(inner) = inner.upgrade() {
                    *inner.link() = Link::Down;
                }
                Err(Arc::new(DialError::BrokenOff))
            })
        };
        made.boxed().shared()
    }

    /// No code panics while it holds the lock, and every state is whole.
    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Down => "Down",
            Self::Dialling(_) => "Dialling",
            Self::Up(_) => "Up",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use futures::future::join_all;
    use h2::server::SendResponse;
    use temporalio_common::protos::temporal::api::workflowservice::v1::{
        CountWorkflowExecutionsRequest, CountWorkflowExecutionsResponse,
    };
    use tokio::net::TcpListener;

    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    /// A server that says goodbye with each answer; how many connections it took.
    async fn server() -> (Dial, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::Relaxed) as i64;
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(stream).await.unwrap();
                    while let Some(Ok((request, respond))) = connection.accept().await {
                        assert_eq!(request.headers()[GRPC_TIMEOUT], "5000m");
                        answer(respond, number);
                        connection.graceful_shutdown();
                    }
                });
            }
        });
        let origin = Origin { scheme: Scheme::HTTP, authority: "temporal:7233".parse().unwrap() };
        (Dial::new(Place::Address(address), origin, None).await.unwrap(), connections)
    }

    fn answer(mut respond: SendResponse<Bytes>, count: i64) {
        let head = http::Response::builder().header(CONTENT_TYPE, "application/grpc").body(()).unwrap();
        let mut body = respond.send_response(head, false).unwrap();
        let message = CountWorkflowExecutionsResponse { count, ..Default::default() };
        body.send_data(call::framed(&message).unwrap(), false).unwrap();
        let status = (HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"));
        body.send_trailers(HeaderMap::from_iter([status])).unwrap();
    }

    async fn ask(channel: &Channel) -> Result<i64, Status> {
        channel.ask(SOON, &CountWorkflowExecutionsRequest::default()).await.map(|answer| answer.count)
    }

    #[tokio::test]
    async fn a_server_that_says_goodbye_is_dialled_again_and_no_call_fails() {
        let (dial, connections) = server().await;
        let channel = Channel::connect(dial, HeaderMap::new(), SOON).await.unwrap();
        for number in 0..20 {
            assert_eq!(ask(&channel).await.unwrap(), number);
        }
        assert_eq!(connections.load(Ordering::Relaxed), 20);
    }

    #[tokio::test]
    async fn callers_who_find_it_gone_dial_once() {
        let (dial, connections) = server().await;
        let channel = Channel::connect(dial, HeaderMap::new(), SOON).await.unwrap();
        ask(&channel).await.unwrap();
        let senders = join_all((0..50).map(|_| channel.sender())).await;
        assert!(senders.iter().all(Result::is_ok));
        assert_eq!(connections.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn nobody_there_is_told_as_such() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let origin = Origin { scheme: Scheme::HTTP, authority: "temporal:7233".parse().unwrap() };
        let nobody = Dial::new(Place::Address(free), origin, None).await.unwrap();
        let error = Channel::connect(nobody, HeaderMap::new(), SOON).await.unwrap_err();
        assert!(matches!(*error, DialError::Refused { .. }), "{error:?}");
    }
}
