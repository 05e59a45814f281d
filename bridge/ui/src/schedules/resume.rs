//! `…/schedules/{schedule}/resume`: lets a schedule continue.

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;

use super::SchedulePlace;
use crate::act::Act;
use crate::frame::Frame;
use crate::page::{page, see};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "schedules/resume.html")]
struct ResumePage {
    frame: Frame,
    act: Act,
    place: SchedulePlace,
    note: String,
}

pub(crate) async fn form(visit: Visit, place: SchedulePlace) -> Response {
    let act = Act::new(&visit, Action::ResumeSchedule, &place.0.intent);
    page(act.status(), &ResumePage { frame: visit.frame, act, place, note: String::new() })
}

pub(crate) async fn act(visit: Visit, place: SchedulePlace, Form(form): Form) -> Response {
    let note = form.text("note").to_owned();
    match visit.ui.app.schedules.resume(&visit.request, &place.0, note.clone()).await {
        Ok(()) => see(&place.link("resumed")),
        Err(error) => {
            let act = Act::failed(error);
            page(act.status(), &ResumePage { frame: visit.frame, act, place, note })
        }
    }
}
