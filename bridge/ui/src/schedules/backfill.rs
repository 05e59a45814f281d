//! `…/schedules/{schedule}/backfill`: starts what a schedule would have started between two moments.

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;
use uuid::Uuid;
use workflow_api::Overlap;

use super::SchedulePlace;
use crate::act::Act;
use crate::choice::Choice;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::show::words;
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "schedules/backfill.html")]
struct BackfillPage {
    frame: Frame,
    act: Act,
    place: SchedulePlace,
    key: String,
    from: String,
    to: String,
    overlaps: Vec<Choice>,
}

impl BackfillPage {
    fn page(visit: Visit, place: SchedulePlace, act: Act, form: &Fields) -> Response {
        let text = |name: &str| form.text(name).to_owned();
        let chosen = form.some("overlap").unwrap_or_else(|| Overlap::BufferAll.word());
        let choice = |overlap: Overlap| Choice::new(overlap.word(), &words(overlap.word()), chosen);
        let view = Self {
            frame: visit.frame,
            place,
            key: form.some("key").map_or_else(|| Uuid::new_v4().to_string(), str::to_owned),
            from: text("from"),
            to: text("to"),
            overlaps: Overlap::ALL.map(choice).into(),
            act,
        };
        page(view.act.status(), &view)
    }
}

pub(crate) async fn form(visit: Visit, place: SchedulePlace) -> Response {
    let act = Act::new(&visit, Action::BackfillSchedule, &place.0.intent);
    BackfillPage::page(visit, place, act, &Fields::default())
}

pub(crate) async fn act(visit: Visit, place: SchedulePlace, Form(form): Form) -> Response {
    match backfill(&visit, &place, &form).await {
        Ok(()) => see(&place.link("backfilled")),
        Err(notice) => BackfillPage::page(visit, place, Act::failed(notice), &form),
    }
}

async fn backfill(visit: &Visit, place: &SchedulePlace, form: &Fields) -> Result<(), Notice> {
    let (from, to) = (form.moment("from", "beginning")?, form.moment("to", "end")?);
    if to <= from {
        return Err(Notice::of_field("the end is not later than the beginning"));
    }
    let overlap = form.some("overlap").map(str::parse::<Overlap>).transpose();
    let overlap = overlap.map_err(|error| Notice::of_field(&format!("the policy {error}")))?;
    let schedules = &visit.ui.app.schedules;
    schedules.backfill(&visit.request, &place.0, (from, to), overlap, form.some("key")).await?;
    Ok(())
}
