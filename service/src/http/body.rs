//! Bodies of requests: how large they may be, and how soon they must have come. Whoever sends half of one and falls silent
//! would else hold a place among the requests under way for good.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONNECTION, CONTENT_LENGTH};
use http_body_util::{LengthLimitError, Limited};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use workflow_api::Problem;

use crate::problem::ProblemResponse;

/// What a server takes for the body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// The largest, in bytes.
    pub size: usize,
    /// How long one may take to come, from the moment that somebody reads it: 30 s unless said otherwise.
    pub within: Duration,
}

impl From<usize> for BodyLimits {
    fn from(size: usize) -> Self {
        Self { size, within: Duration::from_secs(30) }
    }
}

/// Why a body did not come whole.
#[derive(Debug, Clone, Copy)]
enum Broken {
    TooLarge,
    Late,
    Off,
}

/// The layer: whatever a handler makes of a body that did not come whole, the caller is told why it did not.
pub(super) async fn bounded<F: Future<Output = Response>>(
    limits: BodyLimits,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok())
        .is_some_and(|length| length > limits.size as u64);
    if announced {
        return Broken::TooLarge.answer(limits);
    }
    let broken = Arc::<OnceLock<Broken>>::default();
    let note = Arc::clone(&broken);
    let body = |body| Body::new(Bounded { body: Limited::new(body, limits.size), limits, late: None, note });
    let response = next(request.map(body)).await;
    match broken.get() {
        Some(broken) if response.status().is_client_error() => broken.answer(limits),
        Some(_) | None => response,
    }
}

impl Broken {
    fn answer(self, BodyLimits { size, within }: BodyLimits) -> Response {
        let problem = match self {
            Self::TooLarge => {
                let text = format!("The body is larger than {size} bytes, the most that is taken here");
                Problem::new(413, "body_too_large", text)
            }
            Self::Late => {
                Problem::new(408, "body_timeout", format!("The body did not come whole within {within:?}"))
            }
            Self::Off => Problem::new(400, "body_incomplete", "The body broke off before its end"),
        };
        let mut response = ProblemResponse::new(problem).into_response();
        // The rest of the body may come yet, and is no request.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// A body that breaks off where it gets too large or comes too late.
struct Bounded {
    body: Limited<Body>,
    limits: BodyLimits,
    /// Set once somebody waits for more.
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
        Poll::Ready(Some(Err(axum::Error::new("the body came too late"))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
