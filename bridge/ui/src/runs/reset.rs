//! `…/run/reset`: restarts a workflow from a point of its history.

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;
use bridge_core::ports::ResetPoint;

use super::place::RunPlace;
use crate::act::Act;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "runs/reset.html")]
struct ResetPage {
    frame: Frame,
    act: Act,
    place: RunPlace,
    reason: String,
    to: String,
    event: String,
}

impl ResetPage {
    fn page(visit: &Visit, place: RunPlace, act: Act, form: &Fields) -> Response {
        let text = |name| form.text(name).to_owned();
        let frame = visit.frame.clone();
        let view = Self { frame, place, reason: text("reason"), to: text("to"), event: text("event"), act };
        page(view.act.status(), &view)
    }
}

pub(crate) async fn form(visit: Visit, place: RunPlace) -> Response {
    let act = Act::new(&visit, Action::Reset, &place.intent);
    ResetPage::page(&visit, place, act, &visit.query)
}

pub(crate) async fn act(visit: Visit, place: RunPlace, Form(form): Form) -> Response {
    match reset(&visit, &place, &form).await {
        Ok(now) => see(&now.link("reset")),
        Err(notice) => ResetPage::page(&visit, place, Act::failed(notice), &form),
    }
}

async fn reset(visit: &Visit, place: &RunPlace, form: &Fields) -> Result<RunPlace, Notice> {
    let (point, reason) = (point(form)?, form.text("reason").to_owned());
    let answer = visit.ui.app.workflows.reset(&visit.request, &place.addressee(), point, reason).await?;
    Ok(RunPlace { workflow_id: answer.workflow_id, run_id: answer.run_id, ..place.clone() })
}

fn point(form: &Fields) -> Result<ResetPoint, Notice> {
    match form.text("to") {
        "first" => Ok(ResetPoint::FirstWorkflowTask),
        "last" => Ok(ResetPoint::LastWorkflowTask),
        _ => match form.text("event").parse() {
            Ok(event @ 1..) => Ok(ResetPoint::Event(event)),
            _ => Err(Notice::of_field("the number of the event is missing: events are numbered from 1")),
        },
    }
}
