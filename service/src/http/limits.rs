//! How much a server takes on: requests at once, waits at once, and changes by one caller in a time. What is over is refused at
//! once with a problem that says when to come back; nothing queues.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use ::metrics::{Unit, counter, describe_counter};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use workflow_api::Problem;

use super::wrap::{Inner, wrapped};
use crate::auth::Identity;
use crate::problem::ProblemResponse;

/// Requests that were refused, by limit.
const REFUSED: &str = "http_server_refused_requests_total";

/// When to come back to a server that is busy.
const BUSY: Duration = Duration::from_secs(1);
/// After so many changes, callers that have been quiet are forgotten.
const SWEEP: usize = 1024;

/// The limits of a server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many requests are taken on at once, waits apart.
    pub requests: usize,
    /// How many waits are taken on at once: a wait costs little, and lasts.
    pub waits: usize,
    /// Which requests wait.
    pub is_wait: fn(&Request) -> bool,
    /// How many changes (requests that are not GET, HEAD or OPTIONS) one caller may ask for in a second; none for any number.
    pub changes: Option<NonZeroU32>,
}

/// `router` within `limits`. Callers count by their proven [`Identity`], else by their addresses, so authentication goes
/// outside: [`authenticated`](crate::auth::authenticated)`(limited(router, …), …)`.
pub fn limited(router: Router, limits: Limits) -> Router {
    describe_counter!(
        REFUSED,
        Unit::Count,
        "Requests refused by a limit: of requests, of waits or of changes by one caller"
    );
    let gate = Arc::new(Gate::new(limits));
    wrapped(router, move |request, inner| admit(Arc::clone(&gate), request, inner))
}

/// Who asks for a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum CallerKey {
    Proven(Identity),
    At(IpAddr),
    Unknown,
}

struct Gate {
    limits: Limits,
    requests: Arc<Semaphore>,
    waits: Arc<Semaphore>,
    changes: Option<DefaultKeyedRateLimiter<CallerKey>>,
    asked: AtomicUsize,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Gate {
    fn new(limits: Limits) -> Self {
        let semaphore = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        // Twice the rate at once, so that a burst after a pause goes through.
        let quota = |rate: NonZeroU32| Quota::per_second(rate).allow_burst(rate.saturating_mul(BURST));
        Self {
            requests: semaphore(limits.requests),
            waits: semaphore(limits.waits),
            changes: limits.changes.map(|rate| RateLimiter::keyed(quota(rate))),
            asked: AtomicUsize::new(0),
            limits,
        }
    }

    /// A place for the request, until it is dropped.
    fn place(&self, request: &Request) -> Result<OwnedSemaphorePermit, ProblemResponse> {
        if !request.method().is_safe() {
            self.change(request)?;
        }
        let waits = (self.limits.is_wait)(request);
        let (semaphore, most, code, what) = if waits {
            (&self.waits, self.limits.waits, "too_many_waits", "waits")
        } else {
            (&self.requests, self.limits.requests, "overloaded", "requests")
        };
        match Arc::clone(semaphore).try_acquire_owned() {
            Ok(permit) => Ok(permit),
            Err(_) => Err(refusal(
                503,
                code,
                format!("{most} {what} are under way, the most that are taken on; come back shortly"),
                BUSY,
            )),
        }
    }

    fn change(&self, request: &Request) -> Result<(), ProblemResponse> {
        let (Some(changes), Some(rate)) = (&self.changes, self.limits.changes) else { return Ok(()) };
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            changes.retain_recent();
            changes.shrink_to_fit();
        }
        changes.check_key(&caller(request)).map_err(|not_until| {
            let after = not_until.wait_time_from(DefaultClock::default().now());
            let text = format!("you ask for more than {rate} changes in a second, the most that one caller may; come back later");
            refusal(429, "too_many_requests", text, after)
        })
    }
}

fn caller(request: &Request) -> CallerKey {
    let identity = request.extensions().get::<Identity>().filter(|identity| !identity.name().is_empty());
    match (identity, request.extensions().get::<ConnectInfo<SocketAddr>>()) {
        (Some(identity), _) => CallerKey::Proven(identity.clone()),
        (None, Some(ConnectInfo(peer))) => CallerKey::At(peer.ip()),
        (None, None) => CallerKey::Unknown,
    }
}

/// How many seconds' worth of changes may come at once.
const BURST: NonZeroU32 = NonZeroU32::new(2).expect("two is not zero");

fn refusal(status: u16, code: &'static str, text: String, after: Duration) -> ProblemResponse {
    counter!(REFUSED, "limit" => code).increment(1);
    ProblemResponse::new(Problem::new(status, code, text)).retry_after(after)
}

async fn admit(gate: Arc<Gate>, request: Request, inner: Inner) -> Response {
    match gate.place(&request) {
        // An event stream lasts as long as its body.
        Ok(place) => inner.run(request).await.map(|body| Body::new(Held::new(body, place))),
        Err(refusal) => refusal.into_response(),
    }
}

/// A body that holds something until it has been sent or given up: so long its request is under way.
pub(super) struct Held<T> {
    body: Body,
    _held: T,
}

impl<T> Held<T> {
    pub(super) fn new(body: Body, held: T) -> Self {
        Self { body, _held: held }
    }
}

impl<T: Unpin> hyper::body::Body for Held<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use http::{StatusCode, header};
    use tower::ServiceExt;

    use super::*;
    use crate::auth::Proof;

    fn router(changes: Option<u32>) -> Router {
        let stream =
            || async { Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>()) };
        let routes = Router::new().route("/stream", get(stream)).route("/change", post(|| async {}));
        let limits = Limits {
            requests: 1,
            waits: 2,
            is_wait: |request| request.uri().query() == Some("wait"),
            changes: changes.and_then(NonZeroU32::new),
        };
        limited(routes, limits)
    }

    async fn get_(router: &Router, uri: &str) -> Response {
        router.clone().oneshot(Request::get(uri).body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn requests_and_waits_are_counted_apart_and_to_the_end_of_their_bodies() {
        let router = router(None);
        let call = get_(&router, "/stream").await;
        let waits = [get_(&router, "/stream?wait").await, get_(&router, "/stream?wait").await];
        for uri in ["/stream", "/stream?wait"] {
            let refused = get_(&router, uri).await;
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "{uri}");
            assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
        }
        drop(call);
        assert_eq!(get_(&router, "/stream").await.status(), StatusCode::OK);
        drop(waits);
        assert_eq!(get_(&router, "/stream?wait").await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn each_caller_has_a_rate_of_its_own() {
        let router = router(Some(1));
        let change = async |user: Option<&str>, peer: &str| {
            let mut request = Request::post("/change").body(Body::empty()).unwrap();
            if let Some(user) = user {
                request.extensions_mut().insert(Identity::new(user, Proof::Token));
            }
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer.parse().unwrap()));
            router.clone().oneshot(request).await.unwrap()
        };
        // Whatever the time: so many at once are more than one in a second.
        let mut refused = None;
        for _ in 0..100 {
            let answer = change(Some("alice"), "10.0.0.1:1").await;
            if answer.status() == StatusCode::TOO_MANY_REQUESTS {
                refused = Some(answer);
                break;
            }
        }
        assert_eq!(refused.unwrap().headers()[header::RETRY_AFTER], "1");
        for (user, peer) in [(Some("bob"), "10.0.0.1:1"), (Some(""), "10.0.0.1:1"), (None, "10.0.0.2:1")] {
            assert_eq!(change(user, peer).await.status(), StatusCode::OK, "{user:?} {peer}");
        }
        assert_eq!(get_(&router, "/stream").await.status(), StatusCode::OK);
    }
}
