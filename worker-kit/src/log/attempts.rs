//! A failed attempt of an activity in the log: its cause, and when Temporal tries again.

use std::fmt;
use std::time::Duration;

use temporalio_common::RetryPolicy;
use temporalio_common::error::{ApplicationErrorCategory, ApplicationFailure};
use temporalio_sdk::activities::ActivityInfo;

use crate::input::cut;

const FAILED: &str = "an attempt of an activity failed";
/// The length, in bytes, to which a cause is cut.
const MOST_BYTES: usize = 2048;
/// How the SDK's errors of conversions begin; the second has one of serde's.
const WRONG_ENCODING: &str = "Wrong encoding";
const ENCODING_ERROR: &str = "Encoding error: ";
/// Temporal's default for the longest pause, as a multiple of the first one.
const LONGEST_PAUSE: u32 = 100;

/// Logs a failed attempt.
pub(super) fn failed(info: &ActivityInfo, failure: &ApplicationFailure) {
    let (next, kind, cause) = (NextTry::of(info, Some(failure)), failure.type_name(), cause(failure));
    match failure.category() {
        // Expected: an activity that looks whether something is there, and is retried until it is.
        ApplicationErrorCategory::Benign => {
            let ActivityInfo { activity_type: activity, attempt, workflow_id, .. } = info;
            tracing::debug!(activity, attempt, %next, workflow_id, kind, error = cause, "{FAILED}");
        }
        _ => warn(info, &next, kind, &cause),
    }
}

/// `kind` is the failure's type, if it has one.
pub(super) fn warn(info: &ActivityInfo, next: &NextTry, kind: Option<&str>, error: &str) {
    let ActivityInfo { activity_type: activity, attempt, workflow_id, workflow_run_id: run_id, .. } = info;
    tracing::warn!(activity, attempt, %next, workflow_id, run_id, kind, error, "{FAILED}");
}

/// Returns the cause, without values of arguments or results.
pub(super) fn cause(failure: &ApplicationFailure) -> String {
    // The SDK's error of a conversion. Its type is lost on the way.
    let source = failure.source_error();
    let mut text = match source.to_string() {
        text if text == WRONG_ENCODING => "their number or encoding differs from what is expected".to_owned(),
        text => match text.strip_prefix(ENCODING_ERROR) {
            Some(error) => expected(error),
            None => service::chain(source).to_string(),
        },
    };
    cut(&mut text, MOST_BYTES);
    text
}

/// Returns the part of a serde error about the type, without the value that was found.
fn expected(error: &str) -> String {
    const OF_KEYS: [&str; 3] = ["missing field ", "unknown field ", "duplicate field "];
    const OF_VALUES: [&str; 4] = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "];
    let begins = |with: &&str| error.starts_with(with);
    match error.rsplit_once(", expected ") {
        _ if OF_KEYS.iter().any(begins) => error.to_owned(),
        Some((_, expected)) if OF_VALUES.iter().any(begins) => format!("expected {expected}"),
        _ => "a value is not what is expected".to_owned(),
    }
}

/// When Temporal tries again, as the retry policy gives it. Timeouts of the activity and of the workflow can prevent
/// it.
pub(super) enum NextTry {
    In(Duration),
    Never(String),
    Unknown,
}

impl NextTry {
    /// `failure` is absent if the attempt exceeded its timeout.
    pub(super) fn of(info: &ActivityInfo, failure: Option<&ApplicationFailure>) -> Self {
        if failure.is_some_and(ApplicationFailure::is_non_retryable) {
            return Self::Never("the failure is non-retryable".to_owned());
        }
        let Some(policy) = &info.retry_policy else { return Self::Unknown };
        let kind = failure.and_then(ApplicationFailure::type_name).unwrap_or_default();
        if policy.non_retryable_error_types().iter().any(|named| named == kind) {
            return Self::Never(format!("the retry policy excludes failures of the type `{kind}`"));
        }
        match policy.maximum_attempts() {
            most if most != 0 && info.attempt >= most => {
                Self::Never(format!("it was the last of {most} attempts"))
            }
            _ => Self::In(
                failure
                    .and_then(ApplicationFailure::next_retry_delay)
                    .unwrap_or_else(|| pause(policy, info.attempt)),
            ),
        }
    }
}

/// The pause after an attempt.
fn pause(policy: &RetryPolicy, attempt: u32) -> Duration {
    let first = policy.initial_interval();
    let longest = policy.maximum_interval().unwrap_or_else(|| first.saturating_mul(LONGEST_PAUSE));
    let factor = policy.backoff_coefficient().powi(attempt.saturating_sub(1).try_into().unwrap_or(i32::MAX));
    Duration::try_from_secs_f64(first.as_secs_f64() * factor).map_or(longest, |pause| pause.min(longest))
}

impl fmt::Display for NextTry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(pause) => write!(f, "in {pause:?}"),
            Self::Never(reason) => write!(f, "none: {reason}"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest() {
        let policy = RetryPolicy::builder().initial_interval(Duration::from_secs(2)).build();
        let pauses = [1, 2, 3, 7, 8, 5000].map(|attempt| pause(&policy, attempt).as_secs());
        assert_eq!(pauses, [2, 4, 8, 128, 200, 200]);
    }

    #[test]
    fn values_are_left_out() {
        for (error, text) in [
            ("invalid type: string \"Ann, expected u32\", expected u64", "expected u64"),
            ("unknown variant `Ann`, expected `a` or `b`", "expected `a` or `b`"),
            ("missing field `name`", "missing field `name`"),
            ("Ann is not a city", "a value is not what is expected"),
        ] {
            assert_eq!(expected(error), text);
        }
    }
}
