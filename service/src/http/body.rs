//! Bodies of requests: how large they may be, and how soon they must arrive. A caller that sends half of a body and
//! then nothing would otherwise keep its request in progress forever.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CONNECTION;
use http_body_util::{LengthLimitError, Limited};
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use workflow_api::Problem;

use crate::problem::ProblemResponse;

/// What a server accepts as the body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// The largest size, in bytes.
    pub size: usize,
    /// How long a body may take to arrive, once a handler reads it. 30 s by default.
    pub within: Duration,
}

impl From<usize> for BodyLimits {
    fn from(size: usize) -> Self {
        Self { size, within: Duration::from_secs(30) }
    }
}

/// Why a body did not arrive completely.
#[derive(Debug, Clone, Copy)]
enum Broken {
    TooLarge,
    Late,
    Off,
}

/// The layer. Whatever a handler makes of an incomplete body, the response gives the reason that it is incomplete.
pub(super) async fn bounded(State(limits): State<BodyLimits>, request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > limits.size as u64 {
        return Broken::TooLarge.answer(limits);
    }
    let broken = Arc::<OnceLock<Broken>>::default();
    let note = Arc::clone(&broken);
    let body = |body| Body::new(Bounded { body: Limited::new(body, limits.size), limits, late: None, note });
    let response = next.run(request.map(body)).await;
    match broken.get() {
        Some(broken) if response.status().is_client_error() => broken.answer(limits),
        Some(_) | None => response,
    }
}

impl Broken {
    fn answer(self, BodyLimits { size, within }: BodyLimits) -> Response {
        let problem = match self {
            Self::TooLarge => {
                let text = format!("The body is larger than {size} bytes, which is the limit");
                Problem::new(413, "body_too_large", text)
            }
            Self::Late => {
                Problem::new(408, "body_timeout", format!("The body did not arrive within {within:?}"))
            }
            Self::Off => Problem::new(400, "body_incomplete", "The connection ended before the body did"),
        };
        let mut response = ProblemResponse::new(problem).into_response();
        // The rest of the body may still arrive, and is no request.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// A body that ends with an error where it gets too large or arrives too late.
struct Bounded {
    body: Limited<Body>,
    limits: BodyLimits,
    /// Set when a handler first waits for more.
    late: Option<Pin<Box<Sleep>>>,
    note: Arc<OnceLock<Broken>>,
}

impl hyper::body::Body for Bounded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, limits, late, note } = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| {
                frame.map_err(|error| {
                    let too_large = error.is::<LengthLimitError>();
                    let _ = note.set(if too_large { Broken::TooLarge } else { Broken::Off });
                    axum::Error::new(error)
                })
            }));
        }
        ready!(late.get_or_insert_with(|| Box::pin(sleep(limits.within))).as_mut().poll(cx));
        let _ = note.set(Broken::Late);
        Poll::Ready(Some(Err(axum::Error::new("the body arrived too late"))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
