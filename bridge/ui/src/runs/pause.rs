//! `…/run/pause`: pauses a workflow.

use askama::Template;
use axum::response::Response;
use bridge_core::Pause;
use bridge_core::access::Action;

use super::place::RunPlace;
use crate::act::Act;
use crate::frame::Frame;
use crate::page::{page, see};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "runs/pause.html")]
struct PausePage {
    frame: Frame,
    act: Act,
    place: RunPlace,
    reason: String,
}

impl PausePage {
    fn page(visit: Visit, place: RunPlace, act: Act, reason: &str) -> Response {
        page(act.status(), &Self { frame: visit.frame, act, place, reason: reason.to_owned() })
    }
}

pub(crate) async fn form(visit: Visit, place: RunPlace) -> Response {
    let act = Act::new(&visit, Action::Pause, &place.intent);
    PausePage::page(visit, place, act, "")
}

pub(crate) async fn act(visit: Visit, place: RunPlace, Form(form): Form) -> Response {
    let reason = form.text("reason");
    let pause = Pause { reason: reason.to_owned(), report: false };
    match visit.ui.app.workflows.pause(&visit.request, &place.addressee(), pause).await {
        Ok(_) => see(&place.link("paused")),
        Err(error) => PausePage::page(visit, place, Act::failed(error), reason),
    }
}
