//! How times and states are shown. All that is written here is our own markup, so templates write it as it is.

use std::fmt;

use askama::filters::HtmlSafe;
use bridge_core::model::Outcome;
use bridge_core::{LiveRun, LiveState};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use workflow_api::WorkflowState;
use workflow_api::alarms::PerceivedSeverity;

/// A moment: in UTC and marked so; the script shows it in the viewer's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = self.0.to_zoned(TimeZone::UTC);
        let (exact, shown) = (utc.strftime("%FT%T%.fZ"), utc.strftime("%F %T UTC"));
        write!(f, "<time datetime=\"{exact}\">{shown}</time>")
    }
}

impl HtmlSafe for Moment {}

/// How something stands: it gives a chip its colour and its icon. The word beside it has the same meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Active,
    Good,
    Bad,
    Doubtful,
    Held,
    Over,
}

impl Tone {
    /// Returns the name of its class.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Doubtful => "doubtful",
            Self::Held => "held",
            Self::Over => "over",
        }
    }

    /// Returns the path of its icon in a square of 16 by 16.
    fn icon(self) -> &'static str {
        match self {
            Self::Active => "M8 2a6 6 0 1 1-6 6M8 5v3l2 1.5",
            Self::Good => "M3 8.5l3.2 3.2L13 5",
            Self::Bad => "M4 4l8 8M12 4l-8 8",
            Self::Doubtful => "M8 2.5L14.5 13.5h-13zM8 7v3M8 11.8v.2",
            Self::Held => "M5.5 4v8M10.5 4v8",
            Self::Over => "M4.5 4.5h7v7h-7z",
        }
    }
}

/// A state as icon and word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chip {
    pub(crate) tone: Tone,
    pub(crate) word: &'static str,
}

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tone, icon) = (self.tone.word(), self.tone.icon());
        write!(
            f,
            "<span class=\"chip {tone}\"><svg class=\"icon\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">\
             <path d=\"{icon}\"/></svg>{}</span>",
            self.word
        )
    }
}

impl HtmlSafe for Chip {}

impl Chip {
    pub(crate) const fn new(tone: Tone, word: &'static str) -> Self {
        Self { tone, word }
    }

    /// Returns the state of a run in words.
    pub(crate) fn of_state(state: WorkflowState) -> Self {
        match state {
            WorkflowState::Running => Self::new(Tone::Active, "Running"),
            WorkflowState::Paused => Self::new(Tone::Held, "Paused"),
            WorkflowState::Completed => Self::new(Tone::Good, "Completed"),
            WorkflowState::Failed => Self::new(Tone::Bad, "Failed"),
            WorkflowState::Canceled => Self::new(Tone::Over, "Cancelled"),
            WorkflowState::Terminated => Self::new(Tone::Over, "Terminated"),
            WorkflowState::ContinuedAsNew => Self::new(Tone::Over, "Continued as new"),
            WorkflowState::TimedOut => Self::new(Tone::Bad, "Timed out"),
            WorkflowState::Other(_) => Self::new(Tone::Doubtful, "In a state of a newer Temporal"),
        }
    }

    /// Returns the state of a start and of its run.
    pub(crate) fn of_run(run: &LiveRun) -> Self {
        match (&run.start.outcome, &run.state) {
            (Outcome::Starting, _) => Self::new(Tone::Active, "Starting"),
            (Outcome::NotStarted { .. }, _) => Self::new(Tone::Bad, "Not started"),
            (Outcome::Unknown { .. }, _) => Self::new(Tone::Doubtful, "Outcome not known"),
            (_, LiveState::Known { retrying: Some(_), state: WorkflowState::Running, .. }) => {
                Self::new(Tone::Doubtful, "Retrying")
            }
            (_, LiveState::Known { state, .. }) => Self::of_state(*state),
            (_, LiveState::NoRun) => Self::new(Tone::Doubtful, "Run not known"),
            (_, LiveState::Gone) => Self::new(Tone::Over, "Deleted in Temporal"),
            (_, LiveState::Unknown) => Self::new(Tone::Doubtful, "Temporal is away"),
        }
    }

    /// Returns the severity of an alarm.
    pub(crate) fn of_severity(severity: PerceivedSeverity) -> Self {
        match severity {
            PerceivedSeverity::Critical => Self::new(Tone::Bad, "Critical"),
            PerceivedSeverity::Major => Self::new(Tone::Bad, "Major"),
            PerceivedSeverity::Minor => Self::new(Tone::Doubtful, "Minor"),
            PerceivedSeverity::Warning => Self::new(Tone::Doubtful, "Warning"),
            PerceivedSeverity::Indeterminate => Self::new(Tone::Doubtful, "Indeterminate"),
            PerceivedSeverity::Cleared => Self::new(Tone::Good, "Cleared"),
        }
    }
}

/// Returns a word of the API, such as `workflowFailed` or `QUALITY_OF_SERVICE_ALARM`, in words for people.
pub(crate) fn words(word: &str) -> String {
    let has_small = word.contains(char::is_lowercase);
    let mut words = String::new();
    for letter in word.chars() {
        match letter {
            '_' => words.push(' '),
            letter if words.is_empty() => words.extend(letter.to_uppercase()),
            letter if letter.is_uppercase() && has_small => {
                words.push(' ');
                words.extend(letter.to_lowercase());
            }
            letter => words.extend(letter.to_lowercase()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_the_api_becomes_words() {
        assert_eq!(words("workflowFailed"), "Workflow failed");
        assert_eq!(words("QUALITY_OF_SERVICE_ALARM"), "Quality of service alarm");
    }

    #[test]
    fn a_moment_is_exact_for_the_script_and_readable_without_it() {
        let moment = Moment("2026-11-30T16:42:10.5Z".parse().unwrap());
        let shown = "<time datetime=\"2026-11-30T16:42:10.5Z\">2026-11-30 16:42:10 UTC</time>";
        assert_eq!(moment.to_string(), shown);
    }
}
