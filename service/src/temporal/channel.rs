//! gRPC to one Temporal server, over one HTTP/2 connection that is made again when it breaks.
//!
//! It takes the place of the SDK's own channel (as `service_override`), for the time that takes: there a call passes through three
//! tasks, and its head, its message and its end go out in a packet each, which wakes the server three times. Here whoever calls writes
//! all of it at once. Temporal's calls are unary, so nothing else is needed.

mod call;
mod dial;
mod sdk;
mod tls;

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
use crate::chain;

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
}

/// The connection as it stands.
enum Link {
    Down,
    /// Being made, once for all who need it.
    Dialling(Attempt),
    Up(SendRequest<Bytes>),
}

type Attempt = Shared<BoxFuture<'static, Result<SendRequest<Bytes>, Arc<DialError>>>>;

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
        let inner = Arc::new(Inner { dial, headers, within, link: Mutex::new(Link::Down) });
        inner.dialled().await?;
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
        let open = match &*self.link() {
            Link::Up(sender) => Some(sender.clone()),
            Link::Down | Link::Dialling(_) => None,
        };
        if let Some(open) = open
            && let Ok(ready) = open.ready().await
        {
            return Ok(ready);
        }
        let unavailable = |error: &(dyn std::error::Error + 'static)| Status::unavailable(chain(error));
        let sender = self.dialled().await.map_err(|error| unavailable(&*error))?;
        sender.ready().await.map_err(|error| unavailable(&error))
    }

    /// A connection made now, by a task that no caller's end breaks off. Callers who come meanwhile await the same.
    async fn dialled(self: &Arc<Self>) -> Result<SendRequest<Bytes>, Arc<DialError>> {
        let attempt = match &mut *self.link() {
            Link::Dialling(attempt) => attempt.clone(),
            link => {
                let attempt = self.begin();
                *link = Link::Dialling(attempt.clone());
                attempt
            }
        };
        attempt.await
    }

    fn begin(self: &Arc<Self>) -> Attempt {
        let inner = Arc::clone(self);
        let task = tokio::spawn(async move {
            let made = match tokio::time::timeout(inner.within, inner.dial.connect()).await {
                Ok(made) => made,
                Err(_) => Err(DialError::Silent(inner.within)),
            };
            *inner.link() = made.as_ref().map_or(Link::Down, |sender| Link::Up(sender.clone()));
            made.map_err(Arc::new)
        });
        async move { task.await.unwrap_or_else(|_| Err(Arc::new(DialError::BrokenOff))) }.boxed().shared()
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
