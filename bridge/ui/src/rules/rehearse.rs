//! `…/{rule}/rehearse`: shows what a rule would have done, as it is kept or as it is edited here.

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;
use bridge_http::ApiError;

use super::place::RulePlace;
use super::rehearsed::Rehearsed;
use super::text::text;
use crate::act::Act;
use crate::document::Document;
use crate::frame::Frame;
use crate::notice::Notice;
use crate::page::page;
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "rules/rehearse.html")]
struct RehearsePage {
    frame: Frame,
    act: Act,
    place: RulePlace,
    document: Document,
    rehearsed: Option<Rehearsed>,
}

pub(crate) async fn form(visit: Visit, place: RulePlace) -> Result<Response, ApiError> {
    let kept = visit.ui.app.rules.get(&visit.request, &place.0).await?;
    let act = right(&visit, &place);
    let document = Document { text: text(Some(&kept.rule)), ..Document::default() };
    Ok(page(act.status(), &RehearsePage { frame: visit.frame, act, place, document, rehearsed: None }))
}

pub(crate) async fn act(visit: Visit, place: RulePlace, Form(form): Form) -> Response {
    let document = Document::of(&form);
    let (act, rehearsed) = match rehearse(&visit, &place, &document).await {
        Ok(rehearsed) => (right(&visit, &place), Some(rehearsed)),
        Err(notice) => (Act::failed(notice), None),
    };
    page(act.status(), &RehearsePage { frame: visit.frame, act, place, document, rehearsed })
}

fn right(visit: &Visit, place: &RulePlace) -> Act {
    Act::about(visit, Action::RehearseRule, place.0.place())
}

async fn rehearse(visit: &Visit, place: &RulePlace, document: &Document) -> Result<Rehearsed, Notice> {
    Rehearsed::run(visit, &place.0, document.read()?).await
}
