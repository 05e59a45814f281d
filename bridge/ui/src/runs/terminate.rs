//! `…/run/terminate`: ends a workflow at once.

use askama::Template;
use axum::response::Response;
use bridge_core::Stop;
use bridge_core::access::Action;

use super::place::RunPlace;
use crate::act::Act;
use crate::frame::Frame;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "runs/terminate.html")]
struct TerminatePage {
    frame: Frame,
    act: Act,
    place: RunPlace,
    reason: String,
}

impl TerminatePage {
    fn page(visit: Visit, place: RunPlace, act: Act, reason: &str) -> Response {
        page(act.status(), &Self { frame: visit.frame, act, place, reason: reason.to_owned() })
    }
}

pub(crate) async fn form(visit: Visit, place: RunPlace) -> Response {
    let act = Act::new(&visit, Action::Terminate, &place.intent);
    TerminatePage::page(visit, place, act, "")
}

pub(crate) async fn act(visit: Visit, place: RunPlace, Form(form): Form) -> Response {
    let reason = form.text("reason");
    match terminate(&visit, &place, reason).await {
        Ok(()) => see(&place.link("terminated")),
        Err(notice) => TerminatePage::page(visit, place, Act::failed(notice), reason),
    }
}

async fn terminate(visit: &Visit, place: &RunPlace, reason: &str) -> Result<(), Notice> {
    if reason.is_empty() {
        return Err(Notice::of_field("the reason is missing: Temporal keeps it in the history"));
    }
    let stop = Stop { reason: reason.to_owned(), ..Stop::default() };
    visit.ui.app.workflows.terminate(&visit.request, &place.addressee(), &stop).await?;
    Ok(())
}
