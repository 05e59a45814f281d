//! `/ui/schedules`: the schedules of all intents, those first that start something first.

use askama::Template;
use axum::response::Response;
use bridge_core::FoundSchedule;
use bridge_core::model::DigKey;
use bridge_http::ApiError;
use http::StatusCode;

use super::{SchedulePlace, chip, times};
use crate::frame::Frame;
use crate::page::page;
use crate::show::{Chip, Moment};
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "schedules/list.html")]
struct SchedulesPage {
    frame: Frame,
    project: String,
    rows: Vec<ScheduleRow>,
}

/// A schedule as the row of the table.
struct ScheduleRow {
    chip: Chip,
    link: String,
    name: String,
    intent: String,
    intent_link: String,
    group: DigKey,
    times: String,
    next: Option<Moment>,
}

pub(crate) async fn show(visit: Visit) -> Result<Response, ApiError> {
    let project = visit.query.some("project");
    let found = visit.ui.app.schedules.search(&visit.request, project).await?;
    let view = SchedulesPage {
        project: project.unwrap_or_default().to_owned(),
        rows: found.iter().map(ScheduleRow::from).collect(),
        frame: visit.frame,
    };
    Ok(page(StatusCode::OK, &view))
}

impl From<&FoundSchedule> for ScheduleRow {
    fn from(found: &FoundSchedule) -> Self {
        let place = SchedulePlace(found.key.clone());
        Self {
            chip: chip(found.status.as_ref()),
            link: place.link(""),
            intent_link: place.intent_link(),
            name: found.key.name.clone(),
            intent: found.key.intent.name.clone(),
            group: found.key.intent.dig.clone(),
            times: times(&found.kept.schedule.spec),
            next: found.next().map(Moment),
        }
    }
}
