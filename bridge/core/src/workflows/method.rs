//! The parts of a status, and their errors.

use crate::ports::QueryError;

/// The parts of a status, each with a call of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusMethod {
    /// The engine's description.
    Describe,
    /// The history.
    History,
    /// The query of the workflow.
    Query,
    /// The wait for the end.
    Wait,
}

impl StatusMethod {
    /// Returns its name in responses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::History => "history",
            Self::Query => "query",
            Self::Wait => "wait",
        }
    }
}

/// Why one part of a status is missing.
#[derive(Debug, Clone)]
pub struct StatusMethodError {
    /// The part.
    pub method: StatusMethod,
    /// The cause.
    pub error: QueryError,
}
