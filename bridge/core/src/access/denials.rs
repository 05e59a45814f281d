//! Counts denials, so that a caller that is denied again and again does not fill the audit.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::Event;

const MINUTE: Duration = Duration::from_secs(60);
/// Maximum number of callers that are counted apart. Further ones are counted as one caller.
const MOST: usize = 10_000;

/// A caller: how it was identified, by whom, and its name, or its address if it has no name.
pub(super) type Subject = (String, String, String);

/// The denials of the last minute.
#[derive(Debug)]
pub(super) struct Denials {
    /// How many have an event each.
    limit: u32,
    windows: Mutex<HashMap<Subject, Window>>,
}

#[derive(Debug)]
struct Window {
    end: Instant,
    recorded: u32,
    counted: u64,
}

/// What happens to the event of a denial.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Record,
    Counted,
    /// It is the first one that is counted. At the end of the minute, the count must be taken.
    CountedFirst(Subject, Instant),
}

impl Denials {
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, windows: Mutex::default() }
    }

    /// Counts a denial.
    pub(super) fn add(&self, event: &Event) -> Verdict {
        let now = Instant::now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut subject = subject(event);
        if windows.len() >= MOST && !windows.contains_key(&subject) {
            // A count that was not taken yet stays until it is.
            windows.retain(|_, window| window.end > now || window.counted > 0);
            if windows.len() >= MOST {
                subject = Subject::default();
            }
        }
        let fresh = Window { end: now + MINUTE, recorded: 0, counted: 0 };
        let window = windows.entry(subject.clone()).or_insert(fresh);
        if window.end <= now && window.counted == 0 {
            *window = Window { end: now + MINUTE, recorded: 0, counted: 0 };
        }
        if window.recorded < self.limit {
            window.recorded += 1;
            return Verdict::Record;
        }
        window.counted += 1;
        if window.counted == 1 { Verdict::CountedFirst(subject, window.end) } else { Verdict::Counted }
    }

    /// Ends the minute of a caller. Returns how many denials had no event.
    pub(super) fn take(&self, subject: &Subject) -> u64 {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.remove(subject).map_or(0, |window| window.counted)
    }
}

fn subject(event: &Event) -> Subject {
    let actor = &event.actor;
    let name = if actor.name.is_empty() { &event.source.address } else { &actor.name };
    (actor.kind.clone(), actor.issuer.clone(), name.clone())
}
