//! `…/schedules/{schedule}/trigger`: starts the intent of a schedule now, once, however often the form is sent.

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;
use uuid::Uuid;

use super::SchedulePlace;
use crate::act::Act;
use crate::frame::Frame;
use crate::page::{page, see};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "schedules/trigger.html")]
struct TriggerPage {
    frame: Frame,
    act: Act,
    place: SchedulePlace,
    key: String,
}

pub(crate) async fn form(visit: Visit, place: SchedulePlace) -> Response {
    let act = Act::new(&visit, Action::TriggerSchedule, &place.0.intent);
    let key = Uuid::new_v4().to_string();
    page(act.status(), &TriggerPage { frame: visit.frame, act, place, key })
}

pub(crate) async fn act(visit: Visit, place: SchedulePlace, Form(form): Form) -> Response {
    let key = form.text("key").to_owned();
    match visit.ui.app.schedules.trigger(&visit.request, &place.0, form.some("key")).await {
        Ok(()) => see(&place.link("triggered")),
        Err(error) => {
            let act = Act::failed(error);
            page(act.status(), &TriggerPage { frame: visit.frame, act, place, key })
        }
    }
}
