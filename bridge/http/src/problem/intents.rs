//! Errors of the use cases about intents, as problems.

use bridge_core::ports::ParentError;
use bridge_core::{IntentError, IntentsError};

use super::error::{ApiError, logged, plain};
use super::kinds;
use crate::wire::etag;

impl From<IntentError> for ApiError {
    fn from(error: IntentError) -> Self {
        match error {
            IntentError::Refused(error) => error.into(),
            IntentError::NoSuchIntent(_) => plain(kinds::NO_SUCH_INTENT, &error),
            IntentError::NoWorkflowYet(_) => plain(kinds::NO_SUCH_WORKFLOW, &error),
            IntentError::Store(error) => error.into(),
        }
    }
}

impl From<IntentsError> for ApiError {
    fn from(error: IntentsError) -> Self {
        match error {
            IntentsError::Refused(error) => error.into(),
            IntentsError::Unsound(ref faults) => {
                kinds::INVALID_INTENT.problem(error.to_string()).with_faults(faults.clone()).into()
            }
            IntentsError::AlreadyExists(_) => plain(kinds::INTENT_EXISTS, &error),
            IntentsError::NoSuchIntent(_) => plain(kinds::NO_SUCH_INTENT, &error),
            IntentsError::NoSuchRevision { .. } => plain(kinds::NO_SUCH_REVISION, &error),
            IntentsError::ConditionFailed { current, .. } => {
                let refusal = plain(kinds::CONDITION_FAILED, &error);
                match current {
                    Some(revision) => refusal.with("currentETag", etag::of_revision(revision)),
                    None => refusal,
                }
            }
            IntentsError::Parent(error) => error.into(),
            IntentsError::Store(error) => error.into(),
            IntentsError::Engine(error) => error.into(),
        }
    }
}

impl From<ParentError> for ApiError {
    fn from(error: ParentError) -> Self {
        match &error {
            ParentError::NoSuchGroup(_) => plain(kinds::NO_SUCH_GROUP, &error),
            ParentError::Unavailable(..) => logged(kinds::EMCO_UNAVAILABLE, &error),
            ParentError::Refused(..) => logged(kinds::EMCO_REFUSED, &error),
        }
    }
}
