//! `…/revisions`: the changes of an intent, and the difference between two of them.

use askama::Template;
use axum::response::Response;
use bridge_core::access::{Action, Resource};
use bridge_core::model::{Change, ChangeKind, RevisionNumber};
use bridge_http::ApiError;
use http::StatusCode;

use super::place::IntentPlace;
use crate::diff::{Line, compare, document};
use crate::frame::Frame;
use crate::may::May;
use crate::page::page;
use crate::show::Moment;
use crate::visit::{OfIntent, Visit};

const LIMIT: u32 = 50;

#[derive(Template)]
#[template(path = "intents/revisions.html")]
struct RevisionsPage {
    frame: Frame,
    place: IntentPlace,
    changes: Vec<ChangeRow>,
    compared: Option<Compared>,
    may_roll_back: bool,
    first: Option<String>,
    next: Option<String>,
}

/// A change as the row of a table.
pub(crate) struct ChangeRow {
    pub(crate) number: i64,
    pub(crate) what: String,
    pub(crate) by: String,
    pub(crate) at: Moment,
    pub(crate) is_deletion: bool,
    pub(crate) is_latest: bool,
}

/// Two revisions, and their differences.
struct Compared {
    from: String,
    to: String,
    lines: Vec<Line>,
}

pub(crate) async fn show(visit: Visit, OfIntent(key): OfIntent) -> Result<Response, ApiError> {
    let intents = &visit.ui.app.intents;
    let before = visit.query.text("continue").parse::<RevisionNumber>().ok();
    let found = intents.changes(&visit.request, &key, before, LIMIT).await?;
    let place = IntentPlace(key);
    let compared = match (visit.query.some("from"), visit.query.some("to")) {
        (Some(from), Some(to)) => Some(Compared::read(&visit, &place, from, to).await?),
        _ => None,
    };
    let may = May::ask(&visit, Resource::Intent(&place.0), &[Action::RollBackIntent]);
    let view = RevisionsPage {
        frame: visit.frame.clone(),
        changes: rows(&found.changes, before.is_none()),
        compared,
        may_roll_back: may.may(Action::RollBackIntent),
        first: before.map(|_| place.below("revisions")),
        next: found.next.map(|next| place.page("revisions", &[("continue", &next.to_string())])),
        place,
    };
    Ok(page(StatusCode::OK, &view))
}

impl Compared {
    async fn read(visit: &Visit, place: &IntentPlace, from: &str, to: &str) -> Result<Self, ApiError> {
        let (request, intents) = (&visit.request, &visit.ui.app.intents);
        let one = intents.revision(request, &place.0, from).await?;
        let other = intents.revision(request, &place.0, to).await?;
        let lines = compare(&document(one.intent.as_deref()), &document(other.intent.as_deref()));
        Ok(Self { from: from.to_owned(), to: to.to_owned(), lines })
    }
}

/// Returns changes as rows, newest first. `with_latest`: the first one is the newest of all.
pub(crate) fn rows(changes: &[Change], with_latest: bool) -> Vec<ChangeRow> {
    let row = |(place, change): (usize, &Change)| ChangeRow {
        number: change.revision.get(),
        what: match change.kind {
            ChangeKind::Created => "Created".to_owned(),
            ChangeKind::Replaced => "Replaced".to_owned(),
            ChangeKind::RolledBack { to } => format!("Rolled back to {to}"),
            ChangeKind::Deleted => "Deleted".to_owned(),
        },
        by: change.by.clone(),
        at: Moment(change.at),
        is_deletion: change.kind == ChangeKind::Deleted,
        is_latest: with_latest && place == 0,
    };
    changes.iter().enumerate().map(row).collect()
}
