//! The report of an evacuation.

use serde_json::Value;
use temporalio_common::error::{ChildWorkflowExecutionError, IncomingError};

use crate::evacuation::{DigProgress, DigReport, EvacuationReport, Found};
use crate::result::MigrationResult;

/// The maximum number of deployment intent groups in a message.
const MOST_NAMED: usize = 10;
/// The maximum number of bytes of a failure in a report.
const MOST_BYTES: usize = 512;

impl EvacuationReport {
    /// Returns the report with its counts.
    pub(super) fn counted(&self) -> Self {
        let mut report = self.clone();
        report.counts.clear();
        for dig in &self.digs {
            *report.counts.entry(dig.state).or_default() += 1;
        }
        report
    }

    /// Marks waiting groups as skipped: no further move will start.
    pub(super) fn close(&mut self, cancelled: bool) {
        self.cancelled = cancelled;
        let why = match (cancelled, &self.stopped) {
            (true, _) => "the evacuation was cancelled",
            (false, Some(why)) => why.as_str(),
            (false, None) => "not started",
        };
        for dig in self.digs.iter_mut().filter(|dig| dig.state == DigProgress::Waiting) {
            (dig.state, dig.why) = (DigProgress::Skipped, Some(why.to_owned()));
        }
    }

    /// Describes all failures in one sentence.
    pub(super) fn one_line(&self, left: &[&DigReport]) -> String {
        let named: Vec<String> = left
            .iter()
            .take(MOST_NAMED)
            .map(|dig| {
                let why = dig.why.as_deref().unwrap_or_default();
                format!("{} {}: {why}", dig.dig, dig.state.word())
            })
            .collect();
        let more = left.len().saturating_sub(named.len());
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let moved = self.digs.iter().filter(|dig| dig.state == DigProgress::Moved).count();
        let of = moved + left.len();
        format!(
            "{moved} of {of} deployment intent groups were moved off {}; {}{more}",
            self.source,
            named.join("; ")
        )
    }
}

impl DigReport {
    pub(super) fn new(found: &Found) -> Self {
        Self {
            dig: found.key(),
            apps: found.apps.clone(),
            state: match found {
                Found { fault: Some(_), .. } => DigProgress::Failed,
                Found { skip: Some(_), .. } => DigProgress::Skipped,
                _ => DigProgress::Waiting,
            },
            why: found.fault.clone().or_else(|| found.skip.clone()),
            nothing_there: found.skip.is_some() && found.fault.is_none(),
            ..Self::default()
        }
    }

    /// Records the outcome of the group's workflow.
    pub(super) fn ended(
        &mut self,
        end: &Result<MigrationResult, ChildWorkflowExecutionError>,
        dry_run: bool,
    ) {
        let cause = match end {
            Ok(result) => {
                self.state = if dry_run { DigProgress::Planned } else { DigProgress::Moved };
                (self.ready_on, self.plan) = (result.ready_on.clone(), result.plan.clone());
                return;
            }
            Err(error) => error.cause(),
        };
        let details = match cause {
            Some(IncomingError::Application(failure)) => failure.details::<Value>().ok().flatten(),
            Some(IncomingError::Cancelled(cancelled)) => cancelled.details::<Value>().ok().flatten(),
            _ => None,
        };
        let listed = |name: &str| {
            let names = details.as_ref().and_then(|details| details.get(name)?.as_array());
            names.into_iter().flatten()
        };
        let undone = listed("undone").count();
        self.not_undone =
            listed("notUndone").filter_map(|of| Some(of.get("name")?.as_str()?.to_owned())).collect();
        self.cancelled = matches!(cause, Some(IncomingError::Cancelled(_)));
        // A cancelled workflow that lists nothing as undone had not changed anything.
        let is_back = self.not_undone.is_empty() && (self.cancelled || undone > 0);
        self.state = if is_back { DigProgress::RolledBack } else { DigProgress::Failed };
        let mut why = match (cause, end) {
            (Some(IncomingError::Cancelled(_)), _) => "its workflow was cancelled".to_owned(),
            (Some(IncomingError::Terminated(_)), _) => {
                "its workflow was terminated, so nothing was undone".to_owned()
            }
            (Some(IncomingError::Timeout(_)), _) => {
                "its workflow timed out, so nothing was undone".to_owned()
            }
            (Some(cause), _) => cause.failure().message.clone(),
            (None, Err(error)) => error.to_string(),
            (None, Ok(_)) => String::new(),
        };
        if why.len() > MOST_BYTES {
            why.truncate(why.floor_char_boundary(MOST_BYTES));
            why.push('…');
        }
        self.why = Some(why);
    }

    /// Whether some of its apps are still on the source.
    pub(super) fn is_left(&self) -> bool {
        !self.nothing_there && !matches!(self.state, DigProgress::Moved | DigProgress::Planned)
    }
}

impl DigProgress {
    fn word(self) -> &'static str {
        match self {
            Self::Waiting => "is waiting",
            Self::Running => "is running",
            Self::Moved => "was moved",
            Self::Planned => "can be moved",
            Self::RolledBack => "was rolled back",
            Self::Failed => "failed",
            Self::Skipped => "was not started",
        }
    }
}
