//! Requests that fail on purpose.

use std::time::Duration;

/// Which requests fail, how, and how often.
#[derive(Debug, Clone)]
pub struct Fault {
    method: String,
    part: String,
    whole: bool,
    effect: Effect,
    spared: usize,
    left: usize,
}

impl Fault {
    /// Makes the next request fail that has this method and a path with `part` in it.
    pub fn on(method: &str, part: &str, effect: Effect) -> Self {
        Self { method: method.to_owned(), part: part.to_owned(), whole: false, effect, spared: 0, left: 1 }
    }

    /// Applies only where the path ends with the part.
    #[must_use]
    pub fn at_end(self) -> Self {
        Self { whole: true, ..self }
    }

    /// Spares the first requests that it applies to, and makes those after them fail.
    #[must_use]
    pub fn after(self, spared: usize) -> Self {
        Self { spared, ..self }
    }

    /// Makes this number of requests fail instead of one.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { left: times, ..self }
    }

    /// Makes all requests fail until [`StandIn::heal`](crate::StandIn::heal).
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }
}

impl Fault {
    fn meets(&self, method: &str, path: &str) -> bool {
        self.method == method
            && if self.whole { path.ends_with(&self.part) } else { path.contains(&self.part) }
    }
}

/// What happens instead of the response.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Another response. The request has no effect.
    Answer {
        /// Its status.
        status: u16,
        /// Its content type.
        content_type: &'static str,
        /// Its body.
        body: String,
    },
    /// A response 200 that announces a body of twice this length, and breaks off after this.
    HalfBody(String),
    /// The connection closes without a response. The request has no effect.
    HangUp,
    /// The request has its effect, then the connection closes without a response.
    LoseAnswer,
    /// There is never a response. The request has no effect.
    Silence,
    /// The request has its effect, and there is never a response.
    Swallow,
    /// The request has its effect twice, as when a proxy repeats it. The second response is sent.
    Twice,
    /// The response comes late.
    Delay(Duration),
    /// For an update: the connection closes without a response, and nothing happens until
    /// [`StandIn::commit_withheld`](crate::StandIn::commit_withheld). Then the update is made, with the
    /// intents as they were at the request. An EMCO that is slow, or was cut off from its database, does
    /// this.
    Withhold,
}

/// Planned faults, and the requests so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    planned: Vec<Fault>,
    seen: Vec<(String, String)>,
}

impl Faults {
    pub(crate) fn plan(&mut self, fault: Fault) {
        self.planned.push(fault);
    }

    pub(crate) fn forget(&mut self) {
        self.planned.clear();
    }

    /// Notes a request, and returns what should happen to it.
    pub(crate) fn meet(&mut self, method: &str, path: &str) -> Option<Effect> {
        self.seen.push((method.to_owned(), path.to_owned()));
        self.planned.retain(|fault| fault.left > 0);
        let fault = self.planned.iter_mut().find(|fault| fault.meets(method, path))?;
        if let Some(spared) = fault.spared.checked_sub(1) {
            fault.spared = spared;
            return None;
        }
        fault.left -= 1;
        Some(fault.effect.clone())
    }

    pub(crate) fn seen_at(&self, method: &str, end: &str) -> usize {
        self.seen.iter().filter(|(of, path)| of == method && path.ends_with(end)).count()
    }

    pub(crate) fn seen(&self, method: &str, part: &str) -> usize {
        self.seen.iter().filter(|(of, path)| of == method && path.contains(part)).count()
    }
}
