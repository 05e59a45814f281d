//! The request that caused a piece of work, by its ID and its trace (W3C Trace Context). It goes along with the work,
//! and into the requests that the work makes.

use http::{HeaderMap, HeaderName, HeaderValue};
use tracing::Instrument;
use uuid::Uuid;

/// The header with the ID of a request, in and out.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The longest `tracestate` that is passed on. The standard requires at least this length.
const STATE_MAX: usize = 512;

tokio::task_local! {
    static CURRENT: Origin;
}

/// The request that work belongs to.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The caller's `x-request-id`, or ours.
    pub(crate) request: HeaderValue,
    trace: Trace,
}

impl Origin {
    /// Returns the origin of the current work, if a request caused it.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Returns the ID of the request.
    pub fn request_id(&self) -> &str {
        self.request.to_str().unwrap_or_default()
    }

    /// Returns the trace.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Returns the headers for requests that this work makes: `x-request-id`, `traceparent` and `tracestate`.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, self.request.clone());
        for (name, text) in [(TRACEPARENT, Some(&self.trace.parent)), (TRACESTATE, self.trace.state.as_ref())]
        {
            if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// Runs `work` as caused by this.
    pub fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, work)
    }

    /// Reads the headers of a request. If they have no valid ID or trace, makes one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        // It goes into our logs and responses, so it must be short and plain.
        let plain = |id: &&HeaderValue| {
            (1..=128).contains(&id.len())
                && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte))
        };
        let ours = || {
            let id = Uuid::now_v7().to_string();
            HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("-"))
        };
        let request = headers.get(REQUEST_ID).filter(plain).cloned().unwrap_or_else(ours);
        Self { request, trace: Trace::of(headers) }
    }
}

/// Returns `work` for a task of its own, with the origin and the log span of its caller.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> + use<F> {
    let origin = Origin::current();
    // Otherwise the future would contain it three times, and each layer of it would copy all of them.
    let work = Box::pin(work);
    async move {
        match origin {
            Some(origin) => origin.scope(work).await,
            None => work.await,
        }
    }
    .in_current_span()
}

/// A place in a trace. We record no spans of our own, so the caller's place is passed on unchanged: our requests appear
/// under the caller's span, and not under one that nobody records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    parent: String,
    state: Option<String>,
}

impl Trace {
    /// Returns it as a `traceparent` header.
    pub fn parent(&self) -> &str {
        &self.parent
    }

    /// Returns its `tracestate` header.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Returns the ID of the whole trace: 32 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.parent[3..35]
    }

    fn of(headers: &HeaderMap) -> Self {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = parents.next().and_then(|parent| valid_parent(parent.to_str().ok()?));
        match (parent, parents.next()) {
            (Some(parent), None) => Self { parent, state: state(headers) },
            _ => Self::new(),
        }
    }

    /// Begins a trace. It is sampled, as OpenTelemetry does by default for a trace that begins: otherwise those that
    /// record under it would drop their spans.
    fn new() -> Self {
        let span = Uuid::new_v4().simple().to_string();
        Self { parent: format!("00-{}-{}-01", Uuid::new_v4().simple(), &span[16..]), state: None }
    }
}

/// Returns the value, if it is valid; of a version later than ours the part that we know.
fn valid_parent(text: &str) -> Option<String> {
    let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let text = text.trim();
    let (known, rest) = text.split_at_checked(55)?;
    let mut parts = known.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let sound = parts.next().is_none()
        && (version.len(), trace.len(), span.len(), flags.len()) == (2, 32, 16, 2)
        && [version, trace, span, flags].into_iter().all(hex)
        && version != "ff"
        && [trace, span].into_iter().all(|id| id.bytes().any(|byte| byte != b'0'))
        && (rest.is_empty() || (version != "00" && rest.starts_with('-')));
    sound.then(|| format!("00-{trace}-{span}-{flags}"))
}

/// Joins all `tracestate` headers. If the result is too long it is dropped, as the standard allows.
fn state(headers: &HeaderMap) -> Option<String> {
    let states: Option<Vec<_>> =
        headers.get_all(TRACESTATE).iter().map(|state| state.to_str().ok()).collect();
    let state = states?.join(",");
    (!state.trim().is_empty() && state.len() <= STATE_MAX).then_some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn trace(parents: &[&'static str], states: &[&'static str]) -> Trace {
        let mut headers = HeaderMap::new();
        for (name, values) in [(TRACEPARENT, parents), (TRACESTATE, states)] {
            for value in values {
                headers.append(&name, HeaderValue::from_static(value));
            }
        }
        Trace::of(&headers)
    }

    #[test]
    fn a_callers_trace_goes_on() {
        let trace = trace(&[PARENT], &["a=1", "b=2"]);
        assert_eq!((trace.parent(), trace.state()), (PARENT, Some("a=1,b=2")));
        assert_eq!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let later = self::trace(&["cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"], &[]);
        assert_eq!((later.parent(), later.state()), (PARENT, None));
    }

    #[test]
    fn without_a_sound_one_a_trace_begins() {
        let long = "a=".to_owned() + &"x".repeat(STATE_MAX);
        assert_eq!(trace(&[PARENT], &[long.leak()]).state(), None);
        for parents in [
            &[][..],
            &[""],
            &["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"],
            &["00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"],
            &["00-00000000000000000000000000000000-00f067aa0ba902b7-01"],
            &["00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"],
            &["ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
            &["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"],
            &["00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
            &[PARENT, PARENT],
        ] {
            let trace = trace(parents, &["a=1"]);
            assert_ne!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736", "{parents:?}");
            assert_eq!(valid_parent(trace.parent()).as_deref(), Some(trace.parent()));
            assert_eq!(trace.state(), None);
        }
    }

    #[tokio::test]
    async fn a_task_keeps_its_origin() {
        assert!(Origin::current().is_none());
        let origin = Origin::of(&HeaderMap::from_iter([(TRACEPARENT, HeaderValue::from_static(PARENT))]));
        let told = origin
            .scope(async {
                tokio::spawn(carried(async { Origin::current().unwrap().headers() })).await.unwrap()
            })
            .await;
        assert_eq!(told[TRACEPARENT], PARENT);
        assert!(told.contains_key(REQUEST_ID));
        assert!(tokio::spawn(carried(async { Origin::current().is_none() })).await.unwrap());
    }
}
