//! Durations as Go writes them: whole nanoseconds.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::Serialize;

use crate::cut;
use crate::read::{FromJson, Level, Node, Reader};

/// A duration in nanoseconds, Go's `time.Duration` (EMCO-API §0.1); zero means "not set".
///
/// On the wire it is written as an integer. It is read as an integer, or as text in Go's form (`1h30m`, `250ms`)
/// or ISO 8601 (`PT90S`, `P1D`; a day is 24 hours).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Nanos(i64);

/// The error of a text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a duration: write nanoseconds, or text like `30s`, `1h30m` or `PT30S`")]
pub struct DurationError {
    text: String,
}

impl Nanos {
    /// A duration of `nanoseconds`.
    #[must_use]
    pub const fn new(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// The number of nanoseconds. It may be negative, as in Go.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether the duration is not set.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// Returns it as a duration that may be negative.
    #[must_use]
    pub fn to_signed(self) -> SignedDuration {
        SignedDuration::from_nanos(self.0)
    }

    /// The duration that was set: `None` where it is zero or negative.
    #[must_use]
    pub fn to_duration(self) -> Option<Duration> {
        u64::try_from(self.0).ok().filter(|nanoseconds| *nanoseconds > 0).map(Duration::from_nanos)
    }
}

impl std::str::FromStr for Nanos {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || DurationError { text: cut(text).into_owned() };
        let span: Span = text.trim().parse().map_err(|_| refused())?;
        let duration: SignedDuration =
            span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| refused())?;
        i64::try_from(duration.as_nanos()).map(Self).map_err(|_| refused())
    }
}

impl TryFrom<Duration> for Nanos {
    type Error = DurationError;

    /// # Errors
    /// When the duration is over 292 years, the most that Go's type holds.
    fn try_from(duration: Duration) -> Result<Self, Self::Error> {
        i64::try_from(duration.as_nanos())
            .map(Self)
            .map_err(|_| DurationError { text: format!("{duration:?}") })
    }
}

impl FromJson for Nanos {
    fn read_into(&mut self, node: Node<'_>, reader: &mut Reader) {
        match reader.level(node) {
            Level::Null => {}
            Level::String(text) => match text.parse() {
                Ok(nanos) => *self = nanos,
                Err(error) => reader.fault(DurationError::to_string(&error)),
            },
            Level::Number(_) => self.0.read_into(node, reader),
            other => reader.mismatch("a duration (nanoseconds, or text like `30s`)", &other),
        }
    }
}
