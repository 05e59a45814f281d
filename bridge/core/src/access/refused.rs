//! Why a call was refused.

use super::action::Action;
use crate::ports::StoreError;

/// Why a call was refused. Nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The caller is not permitted to do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The audit cannot be written.
    #[error("nothing was done, because the audit cannot be written; retry later")]
    Unrecorded(#[source] StoreError),
}

/// The caller is not permitted to do this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{actor} lacks the right `{}` for {resource}: {reason}", .action.word())]
pub struct Denied {
    /// The caller.
    pub actor: String,
    /// The action.
    pub action: Action,
    /// What it is about.
    pub resource: String,
    /// Why it was denied.
    pub reason: String,
}
