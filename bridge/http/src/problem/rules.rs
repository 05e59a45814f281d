//! Errors of the use cases about rules, as problems.

use bridge_core::RuleError;

use super::error::{ApiError, plain};
use super::kinds;
use crate::wire::etag;

impl From<RuleError> for ApiError {
    fn from(error: RuleError) -> Self {
        match error {
            RuleError::Refused(error) => error.into(),
            RuleError::Unsound(ref faults) => {
                kinds::INVALID_RULE.problem(error.to_string()).with_faults(faults.clone()).into()
            }
            RuleError::NoSuchRule(_) => plain(kinds::NO_SUCH_RULE, &error),
            RuleError::NoSuchRevision { .. } => plain(kinds::NO_SUCH_REVISION, &error),
            RuleError::ConditionFailed { current, .. } => {
                let refusal = plain(kinds::CONDITION_FAILED, &error);
                match current {
                    Some(revision) => refusal.with("currentETag", etag::of_revision(revision)),
                    None => refusal,
                }
            }
            RuleError::TooMany(_) => plain(kinds::TOO_MANY_RULES, &error),
            RuleError::Off => plain(kinds::RULES_OFF, &error),
            RuleError::Store(error) => error.into(),
            RuleError::Engine(error) => error.into(),
        }
    }
}
