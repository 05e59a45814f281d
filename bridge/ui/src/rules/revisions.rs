//! `…/{rule}/revisions`: the changes of a rule, and the difference between two of them.

use askama::Template;
use axum::response::Response;
use bridge_core::model::RevisionNumber;
use bridge_http::ApiError;
use http::StatusCode;

use super::place::RulePlace;
use super::text::text;
use crate::diff::{Line, compare};
use crate::frame::Frame;
use crate::intents::revisions::{ChangeRow, rows};
use crate::page::page;
use crate::visit::Visit;

const LIMIT: u32 = 50;

#[derive(Template)]
#[template(path = "rules/revisions.html")]
struct RevisionsPage {
    frame: Frame,
    place: RulePlace,
    changes: Vec<ChangeRow>,
    compared: Option<Compared>,
    first: Option<String>,
    next: Option<String>,
}

/// Two revisions, and their differences.
struct Compared {
    from: String,
    to: String,
    lines: Vec<Line>,
}

pub(crate) async fn show(visit: Visit, place: RulePlace) -> Result<Response, ApiError> {
    let before = visit.query.text("continue").parse::<RevisionNumber>().ok();
    let found = visit.ui.app.rules.changes(&visit.request, &place.0, before, LIMIT).await?;
    let compared = match (visit.query.some("from"), visit.query.some("to")) {
        (Some(from), Some(to)) => Some(Compared::read(&visit, &place, from, to).await?),
        _ => None,
    };
    let view = RevisionsPage {
        frame: visit.frame.clone(),
        changes: rows(&found.changes, before.is_none()),
        compared,
        first: before.map(|_| place.below("revisions")),
        next: found.next.map(|next| place.page("revisions", &[("continue", &next.to_string())])),
        place,
    };
    Ok(page(StatusCode::OK, &view))
}

impl Compared {
    async fn read(visit: &Visit, place: &RulePlace, from: &str, to: &str) -> Result<Self, ApiError> {
        let (request, rules) = (&visit.request, &visit.ui.app.rules);
        let one = rules.revision(request, &place.0, from).await?;
        let other = rules.revision(request, &place.0, to).await?;
        let lines = compare(&text(one.rule.as_deref()), &text(other.rule.as_deref()));
        Ok(Self { from: from.to_owned(), to: to.to_owned(), lines })
    }
}
