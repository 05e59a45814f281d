//! Responses that last, such as waits and event streams: they end soon after their callers are no longer accepted.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::sleep;

use super::identity::Identity;
use super::refusal::Refusal;

/// How often a caller is looked at again.
const AGAIN: Duration = Duration::from_secs(1);

/// A caller who was accepted.
pub(super) struct Caller {
    pub(super) identity: Identity,
    /// Whether its request changes nothing.
    pub(super) reads: bool,
    /// Returns who it would be now.
    pub(super) again: Box<dyn Fn() -> BoxFuture<'static, Result<Identity, Refusal>> + Send + Sync>,
}

impl Caller {
    /// Returns the response. If the caller is no longer accepted meanwhile, a read is given up, and a body whose length
    /// is not known ends with an error, so that nobody takes it for whole. A change that has begun goes on.
    pub(super) async fn served(self, response: impl Future<Output = Response>) -> Response {
        let response = if self.reads {
            tokio::select! {
                biased;
                response = response => response,
                refusal = self.lost() => return refusal.into_response(),
            }
        } else {
            response.await
        };
        if response.body().size_hint().exact().is_some() {
            return response;
        }
        let lost = Box::pin(async move {
            self.lost().await;
            tracing::info!("a response was cut off: its caller is no longer accepted");
        });
        response.map(|body| Body::new(Lasting { body, lost }))
    }

    /// Ends when the caller is no longer accepted as who it was.
    async fn lost(&self) -> Refusal {
        loop {
            sleep(AGAIN).await;
            match (self.again)().await {
                Ok(identity) if identity == self.identity => {}
                Ok(_) => return Refusal::Changed,
                // A database that is away for a moment refuses nobody.
                Err(refusal) if refusal.passes() => {}
                Err(refusal) => return refusal,
            }
        }
    }
}

/// A body that ends when its caller is lost.
struct Lasting {
    body: Body,
    lost: BoxFuture<'static, ()>,
}

impl hyper::body::Body for Lasting {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.lost.as_mut().poll(cx).is_ready() {
            // It must not be asked again.
            self.lost = Box::pin(std::future::pending());
            let error = io::Error::new(io::ErrorKind::PermissionDenied, "the caller is no longer accepted");
            return Poll::Ready(Some(Err(axum::Error::new(error))));
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
