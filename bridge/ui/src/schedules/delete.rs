//! `…/schedules/{schedule}/delete`: deletes a schedule.

use askama::Template;
use axum::response::Response;
use bridge_core::ScheduleOptions;
use bridge_core::access::Action;
use bridge_http::ApiError;

use super::SchedulePlace;
use crate::act::{Act, unless_changed};
use crate::frame::Frame;
use crate::link::SCHEDULES;
use crate::page::{page, see};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "schedules/delete.html")]
struct DeletePage {
    frame: Frame,
    act: Act,
    place: SchedulePlace,
    at: String,
}

impl DeletePage {
    /// Shows the form about the schedule as it is now.
    async fn page(visit: Visit, place: SchedulePlace, act: Act) -> Result<Response, ApiError> {
        let at = visit.ui.app.schedules.get(&visit.request, &place.0).await?.revision.to_string();
        Ok(page(act.status(), &Self { frame: visit.frame, act, place, at }))
    }
}

pub(crate) async fn form(visit: Visit, place: SchedulePlace) -> Result<Response, ApiError> {
    let act = Act::new(&visit, Action::DeleteSchedule, &place.0.intent);
    DeletePage::page(visit, place, act).await
}

pub(crate) async fn act(visit: Visit, place: SchedulePlace, Form(form): Form) -> Result<Response, ApiError> {
    let options = ScheduleOptions { conditions: unless_changed(&form), ..ScheduleOptions::default() };
    match visit.ui.app.schedules.delete(&visit.request, &place.0, &options).await {
        Ok(()) => Ok(see(SCHEDULES)),
        Err(error) => DeletePage::page(visit, place, Act::failed(error)).await,
    }
}
