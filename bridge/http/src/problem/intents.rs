//! Errors of the use cases about intents, as problems.

use bridge_core::ports::ParentError;
use bridge_core::{ChangeError, HistoryError, IntentError, ListError};

use super::error::{ApiError, logged, plain};
use super::kinds;
use crate::wire::etag;

impl From<IntentError> for ApiError {
    fn from(error: IntentError) -> Self {
        match error {
            IntentError::Denied(error) => error.into(),
            IntentError::NoSuchIntent(_) => plain(kinds::NO_SUCH_INTENT, &error),
            IntentError::NoWorkflowYet(_) => plain(kinds::NO_SUCH_WORKFLOW, &error),
            IntentError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Denied(error) => error.into(),
            ChangeError::Unsound(ref faults) => {
                kinds::INVALID_INTENT.problem(error.to_string()).with_faults(faults.clone()).into()
            }
            ChangeError::AlreadyExists(_) => plain(kinds::INTENT_EXISTS, &error),
            ChangeError::NoSuchIntent(_) => plain(kinds::NO_SUCH_INTENT, &error),
            ChangeError::NoSuchRevision { .. } => plain(kinds::NO_SUCH_REVISION, &error),
            ChangeError::ConditionFailed { current, .. } => {
                let refusal = plain(kinds::CONDITION_FAILED, &error);
                match current {
                    Some(revision) => refusal.with("currentETag", etag::of_revision(revision)),
                    None => refusal,
                }
            }
            ChangeError::Parent(error) => error.into(),
            ChangeError::Store(error) => error.into(),
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

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Denied(error) => error.into(),
            HistoryError::NoSuchIntent(_) => plain(kinds::NO_SUCH_INTENT, &error),
            HistoryError::NoSuchRevision { .. } => plain(kinds::NO_SUCH_REVISION, &error),
            HistoryError::Store(error) => error.into(),
        }
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Denied(error) => error.into(),
            ListError::Store(error) => error.into(),
            ListError::Engine(error) => error.into(),
        }
    }
}
