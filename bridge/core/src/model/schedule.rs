//! Schedules of intents.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use workflow_api::{Overlap, Schedule, cut};

use super::{DocumentKey, IntentKey, RevisionNumber};

/// Names a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScheduleKey {
    /// The intent whose workflow it starts.
    pub intent: IntentKey,
    /// Its name among the schedules of the intent.
    pub name: String,
}

impl ScheduleKey {
    /// Returns its name in the database.
    #[must_use]
    pub fn document(&self) -> DocumentKey {
        DocumentKey::schedule(&self.intent, &self.name)
    }

    /// Reads what [`Display`](fmt::Display) has written: six names.
    #[must_use]
    pub fn read(path: &str) -> Option<Self> {
        let (intent, name) = path.rsplit_once('/')?;
        Some(Self { intent: IntentKey::read(intent)?, name: name.to_owned() })
    }
}

impl fmt::Display for ScheduleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.intent, cut(&self.name))
    }
}

/// A schedule and its revision number.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptSchedule {
    /// The number of the revision.
    pub revision: RevisionNumber,
    /// The schedule.
    pub schedule: Arc<Schedule>,
}

/// A command to a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleCommand {
    /// Starts nothing at its times, until it is resumed.
    Pause {
        /// The reason.
        note: String,
    },
    /// Lets it continue.
    Resume {
        /// The reason.
        note: String,
    },
    /// Starts once, as if this moment were a time of the schedule.
    Trigger {
        /// The moment, in whole seconds.
        at: Timestamp,
    },
    /// Starts for each time of the schedule between two moments.
    Backfill {
        /// The first moment, which counts.
        from: Timestamp,
        /// The last moment, which counts.
        to: Timestamp,
        /// What to do if runs overlap.
        overlap: Overlap,
    },
}
