//! `…/schedules/{schedule}/pause`: lets a schedule start nothing until it is resumed.

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;

use super::SchedulePlace;
use crate::act::Act;
use crate::frame::Frame;
use crate::page::{page, see};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "schedules/pause.html")]
struct PausePage {
    frame: Frame,
    act: Act,
    place: SchedulePlace,
    note: String,
}

pub(crate) async fn form(visit: Visit, place: SchedulePlace) -> Response {
    let act = Act::new(&visit, Action::PauseSchedule, &place.0.intent);
    page(act.status(), &PausePage { frame: visit.frame, act, place, note: String::new() })
}

pub(crate) async fn act(visit: Visit, place: SchedulePlace, Form(form): Form) -> Response {
    let note = form.text("note").to_owned();
    match visit.ui.app.schedules.pause(&visit.request, &place.0, note.clone()).await {
        Ok(()) => see(&place.link("paused")),
        Err(error) => {
            let act = Act::failed(error);
            page(act.status(), &PausePage { frame: visit.frame, act, place, note })
        }
    }
}
