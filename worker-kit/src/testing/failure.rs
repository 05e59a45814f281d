//! How a workflow or an activity ended, if it did not complete.

use std::fmt;

use serde_json::Value;
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads};
use temporalio_common::protos::temporal::api::failure::v1::Failure as Proto;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;

/// The end of a workflow or an activity that did not complete.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Ended {
    /// It failed.
    Failed(Failure),
    /// It was cancelled. The details are null if there are none.
    Cancelled(Value),
    /// It was terminated.
    Terminated,
    /// It exceeded its timeouts.
    TimedOut,
    /// It is not known how it ended, for this reason.
    Unknown(String),
}

/// A failure, as Temporal shows it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Failure {
    /// Its type; empty if it has none.
    pub kind: String,
    /// Its message.
    pub message: String,
    /// Whether it is non-retryable.
    pub non_retryable: bool,
    /// The first of its details; null if there are none.
    pub details: Value,
    /// Its cause.
    pub cause: Option<Box<Failure>>,
}

impl Failure {
    pub(super) fn of(proto: &Proto) -> Self {
        let (kind, non_retryable, details) = match &proto.failure_info {
            Some(FailureInfo::ApplicationFailureInfo(info)) => {
                (info.r#type.clone(), info.non_retryable, info.details.as_ref())
            }
            _ => (String::new(), false, None),
        };
        Self {
            kind,
            message: proto.message.clone(),
            non_retryable,
            details: first(details),
            cause: proto.cause.as_deref().map(|cause| Box::new(Self::of(cause))),
        }
    }

    /// Iterates over this failure and its causes, the outermost first.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |failure| failure.cause.as_deref())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, failure) in self.chain().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { ": " }, failure.message)?;
        }
        Ok(())
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => write!(f, "failed: {failure}"),
            Self::Cancelled(_) => f.write_str("cancelled"),
            Self::Terminated => f.write_str("terminated"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Unknown(reason) => write!(f, "unknown: {reason}"),
        }
    }
}

impl std::error::Error for Ended {}

/// Returns the first payload as JSON.
pub(super) fn first(payloads: Option<&Payloads>) -> Value {
    payloads.map_or(Value::Null, |payloads| json(&payloads.payloads))
}

/// Returns the first payload as JSON; null if there is none, or it is not JSON.
pub(super) fn json(payloads: &[Payload]) -> Value {
    payloads.first().and_then(|payload| serde_json::from_slice(&payload.data).ok()).unwrap_or_default()
}
