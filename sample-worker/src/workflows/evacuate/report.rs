//! The report of an evacuation.

use crate::evacuation::{DigProgress, DigReport, EvacuationReport, Found, Outcome};

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

    /// Leaves all waiting groups but the first where they are. The order is that of the search: by name.
    pub(super) fn leave_all_but(&mut self, most: usize) {
        let waiting = self.digs.iter_mut().filter(|dig| dig.state == DigProgress::Waiting);
        for dig in waiting.skip(most) {
            (dig.state, dig.why) = (DigProgress::Left, Some(format!("maxGroups is {most}")));
        }
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
    pub(super) fn ended(&mut self, outcome: Outcome, dry_run: bool) {
        let (cancelled, details, mut why) = match outcome {
            Outcome::Completed(result) => {
                self.state = if dry_run { DigProgress::Planned } else { DigProgress::Moved };
                (self.ready_on, self.plan) = (result.ready_on, result.plan);
                return;
            }
            Outcome::Failed { cancelled, details, why } => (cancelled, details.unwrap_or_default(), why),
        };
        let listed = |name: &str| details.get(name).and_then(|names| names.as_array()).into_iter().flatten();
        let undone = listed("undone").count();
        self.not_undone =
            listed("notUndone").filter_map(|of| Some(of.get("name")?.as_str()?.to_owned())).collect();
        self.cancelled = cancelled;
        // A cancelled workflow that lists nothing as undone had not changed anything.
        let is_back = self.not_undone.is_empty() && (cancelled || undone > 0);
        self.state = if is_back { DigProgress::RolledBack } else { DigProgress::Failed };
        if why.len() > MOST_BYTES {
            why.truncate(why.floor_char_boundary(MOST_BYTES));
            why.push('…');
        }
        self.why = Some(why);
    }

    /// Whether some of its apps are still on the source, although the evacuation was to move them.
    pub(super) fn is_unmoved(&self) -> bool {
        let is_as_wanted =
            matches!(self.state, DigProgress::Moved | DigProgress::Planned | DigProgress::Left);
        !self.nothing_there && !is_as_wanted
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
            Self::Left => "was left where it is",
        }
    }
}
