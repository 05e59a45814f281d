//! Pages with a form that changes something: what all of them have.

use bridge_core::access::{Action, Resource};
use bridge_core::model::{IntentKey, RevisionNumber};
use bridge_core::{Conditions, Revisions};
use http::StatusCode;

use crate::fields::Fields;
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
        Self::about(visit, action, Resource::Intent(intent))
    }

    /// Makes the page about something else than an intent, before anything is sent.
    pub(crate) fn about(visit: &Visit, action: Action, resource: Resource<'_>) -> Self {
        let notice = refusal(visit, action, resource).map(Notice::from);
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

/// Returns the conditions of a change that was decided on while its object was at the revision in the form; without
/// one, it did not exist. If somebody else was faster, nothing is changed.
pub(crate) fn unless_changed(form: &Fields) -> Conditions {
    match form.text("at").parse::<RevisionNumber>() {
        Ok(seen) => Conditions { matches: Some(Revisions::Of(vec![seen])), matches_none: None },
        Err(_) => Conditions { matches: None, matches_none: Some(Revisions::Any) },
    }
}
