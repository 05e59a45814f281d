//! Faults of files.

use std::fmt;

/// The content of a file, and its name in messages.
#[derive(Debug, Clone, Copy)]
pub struct RightsFile<'a> {
    /// The name.
    pub name: &'a str,
    /// The content.
    pub text: &'a str,
}

impl RightsFile<'_> {
    /// Returns a fault at this byte of the text.
    pub(crate) fn fault(&self, at: usize, text: impl Into<String>) -> Fault {
        Fault { file: self.name.to_owned(), line: self.line(at), text: text.into() }
    }

    /// Returns the number of the line that has this byte, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// A fault of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to write instead.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// Why files of rights cannot be used. There is at least one fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Fault::to_string).collect::<Vec<_>>().join("; "))]
pub struct Faults(pub Vec<Fault>);
