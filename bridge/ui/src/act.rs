//! Pages with a form that changes something: what all of them have.

use bridge_core::access::{Action, Resource};
use bridge_core::model::IntentKey;
use http::StatusCode;

use crate::may::refusal;
use crate::notice::Notice;
use crate::visit::Visit;

/// What all pages with a form have.
#[derive(Debug)]
pub(crate) struct Act {
    /// Why it was not done, or why it is not offered.
    pub(crate) notice: Option<Notice>,
    /// Whether the form is offered.
    pub(crate) may: bool,
}

impl Act {
    /// Makes the page before anything is sent: with the form, if the person has the right.
    pub(crate) fn new(visit: &Visit, action: Action, intent: &IntentKey) -> Self {
        let notice = refusal(visit, action, Resource::Intent(intent)).map(Notice::from);
        Self { may: notice.is_none(), notice }
    }

    /// Makes the page after it was sent and not done.
    pub(crate) fn failed(why: impl Into<Notice>) -> Self {
        Self { may: true, notice: Some(why.into()) }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.notice.as_ref().map_or(StatusCode::OK, |notice| notice.status)
    }
}
