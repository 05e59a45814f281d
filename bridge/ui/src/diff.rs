//! The differences between two revisions, line by line.

use similar::{ChangeTag, TextDiff};
use workflow_api::WorkflowIntent;

/// How many equal lines are shown around a difference.
const AROUND: usize = 3;

/// A line of a comparison. The sign beside it has the same meaning as its colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// `+`, `-`, a space, or `…` where equal lines are left out.
    pub(crate) sign: char,
    pub(crate) text: String,
}

impl Line {
    /// Returns the name of its class.
    pub(crate) fn class(&self) -> &'static str {
        match self.sign {
            '+' => "added",
            '-' => "removed",
            _ => "same",
        }
    }
}

/// Returns an intent as its document has it, over several lines; an empty text if it is deleted.
pub(crate) fn document(intent: Option<&WorkflowIntent>) -> String {
    intent.map(|intent| serde_json::to_string_pretty(intent).unwrap_or_default()).unwrap_or_default()
}

/// Returns the lines in which two documents differ, and some around them; none if they are equal.
pub(crate) fn compare(from: &str, to: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(from, to);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(AROUND) {
        if !lines.is_empty() {
            lines.push(Line { sign: '…', text: String::new() });
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            lines.push(Line { sign, text: change.value().trim_end_matches('\n').to_owned() });
        }
    }
    lines
}
