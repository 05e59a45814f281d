//! How much a server accepts: requests at once, waits at once, and changes and reads by one caller in a
//! second. A request above a limit is refused at once, with a problem and `Retry-After`. Nothing queues.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::metrics::{Unit, counter, describe_counter};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use workflow_api::Problem;

use crate::auth::Identity;
use crate::problem::ProblemResponse;

const REFUSED: &str = "http_server_refused_requests_total";

/// When to come back to a server that is busy.
const BUSY: Duration = Duration::from_secs(1);
/// After this number of requests, callers that have been quiet are forgotten.
const SWEEP: usize = 1024;
/// How many seconds' worth of requests may arrive at once.
const BURST: NonZeroU32 = NonZeroU32::new(2).expect("two is not zero");

/// How much of a response's body is given away at once.
const SLICE: usize = 64 << 10;

/// The limits of a server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many requests may be in progress at once, without waits.
    pub requests: usize,
    /// How many waits may be in progress at once: a wait costs little, and lasts.
    pub waits: usize,
    /// Which requests wait.
    pub is_wait: fn(&Request) -> bool,
    /// How many changes (requests that are not GET, HEAD or OPTIONS) one caller may request in a second. `None` for any
    /// number.
    pub changes: Option<NonZeroU32>,
    /// How many other requests one caller may send in a second. `None` for any number.
    pub reads: Option<NonZeroU32>,
}

/// `router` within `limits`. Callers count by their proven [`Identity`], else by their addresses, so authentication
/// goes outside: [`authenticated`](crate::auth::authenticated)`(limited(router, …), …)`.
pub fn limited(router: Router, limits: Limits) -> Router {
    describe_counter!(
        REFUSED,
        Unit::Count,
        "Requests refused by a limit: of requests, of waits, or of changes or reads by one caller"
    );
    router.layer(from_fn_with_state(Arc::new(Gate::new(limits)), admit))
}

struct Gate {
    limits: Limits,
    requests: Arc<Semaphore>,
    waits: Arc<Semaphore>,
    changes: Option<Rate>,
    reads: Option<Rate>,
}

impl Gate {
    fn new(limits: Limits) -> Self {
        let semaphore = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self {
            requests: semaphore(limits.requests),
            waits: semaphore(limits.waits),
            changes: limits.changes.map(|rate| Rate::new("changes", rate)),
            reads: limits.reads.map(|rate| Rate::new("reads", rate)),
            limits,
        }
    }

    /// Returns a permit for the request, which counts until it is dropped.
    fn permit(&self, request: &Request) -> Result<OwnedSemaphorePermit, ProblemResponse> {
        let rate = if request.method().is_safe() { &self.reads } else { &self.changes };
        rate.as_ref().map_or(Ok(()), |rate| rate.check(request))?;
        let (semaphore, most, code, what) = if (self.limits.is_wait)(request) {
            (&self.waits, self.limits.waits, "too_many_waits", "waits")
        } else {
            (&self.requests, self.limits.requests, "overloaded", "requests")
        };
        Arc::clone(semaphore).try_acquire_owned().map_err(|_| {
            let text = format!("{most} {what} are in progress, which is the limit; try again shortly");
            refusal(503, code, text, BUSY)
        })
    }
}

/// The rate of one caller's requests of a kind.
struct Rate {
    what: &'static str,
    rate: NonZeroU32,
    /// By the caller's proven identity, else by its address.
    callers: DefaultKeyedRateLimiter<(Identity, Option<IpAddr>)>,
    requested: AtomicUsize,
}

impl Rate {
    fn new(what: &'static str, rate: NonZeroU32) -> Self {
        // Twice the rate at once, so that a burst after a pause goes through.
        let quota = Quota::per_second(rate).allow_burst(rate.saturating_mul(BURST));
        Self { what, rate, callers: RateLimiter::keyed(quota), requested: AtomicUsize::new(0) }
    }

    fn check(&self, request: &Request) -> Result<(), ProblemResponse> {
        if self.requested.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.callers.retain_recent();
            self.callers.shrink_to_fit();
        }
        let identity = request.extensions().get::<Identity>().filter(|identity| !identity.name().is_empty());
        let peer = request.extensions().get().map(|ConnectInfo::<SocketAddr>(peer)| peer.ip());
        let caller = match identity {
            Some(identity) => (identity.clone(), None),
            None => (Identity::default(), peer),
        };
        self.callers.check_key(&caller).map_err(|not_until| {
            let after = not_until.wait_time_from(DefaultClock::default().now());
            let Self { what, rate, .. } = self;
            let text = format!("one caller may request {rate} {what} in a second; try again later");
            refusal(429, "too_many_requests", text, after)
        })
    }
}

fn refusal(status: u16, code: &'static str, text: String, after: Duration) -> ProblemResponse {
    counter!(REFUSED, "limit" => code).increment(1);
    ProblemResponse::new(Problem::new(status, code, text)).retry_after(after)
}

async fn admit(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    match gate.permit(&request) {
        // An event stream lasts as long as its body.
        Ok(permit) => next.run(request).await.map(|body| Body::new(Held::new(body, permit))),
        Err(refusal) => refusal.into_response(),
    }
}

/// A body that holds something until it has been sent or dropped: until then its request is in progress.
///
/// It is given away in slices. On HTTP/2 whatever is given away waits in a buffer for as long as the caller
/// likes, but the next slice is taken only when the one before has been sent.
pub(super) struct Held<T> {
    body: Body,
    rest: Bytes,
    _held: T,
}

impl<T> Held<T> {
    pub(super) fn new(body: Body, held: T) -> Self {
        Self { body, rest: Bytes::new(), _held: held }
    }
}

impl<T: Unpin> hyper::body::Body for Held<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)?) {
                Some(frame) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                None => return Poll::Ready(None),
            }
        }
        let length = self.rest.len().min(SLICE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (hint, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}
