//! `…/run/cancel`: asks a workflow to end, and terminates it later if it does not.

use std::time::Duration;

use askama::Template;
use axum::response::Response;
use bridge_core::Stop;
use bridge_core::access::{Action, Resource};

use super::place::RunPlace;
use crate::act::Act;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::may::May;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "runs/cancel.html")]
struct CancelPage {
    frame: Frame,
    act: Act,
    place: RunPlace,
    reason: String,
    escalate_after: String,
    may_terminate: bool,
}

impl CancelPage {
    fn page(visit: &Visit, place: RunPlace, act: Act, form: &Fields) -> Response {
        let may = May::ask(visit, Resource::Intent(&place.intent), &[Action::Terminate]);
        let view = Self {
            frame: visit.frame.clone(),
            place,
            reason: form.text("reason").to_owned(),
            escalate_after: form.text("escalateAfter").to_owned(),
            may_terminate: may.may(Action::Terminate),
            act,
        };
        page(view.act.status(), &view)
    }
}

pub(crate) async fn form(visit: Visit, place: RunPlace) -> Response {
    let act = Act::new(&visit, Action::Cancel, &place.intent);
    CancelPage::page(&visit, place, act, &Fields::default())
}

pub(crate) async fn act(visit: Visit, place: RunPlace, Form(form): Form) -> Response {
    match cancel(&visit, &place, &form).await {
        Ok(()) => see(&place.link("cancelled")),
        Err(notice) => CancelPage::page(&visit, place, Act::failed(notice), &form),
    }
}

async fn cancel(visit: &Visit, place: &RunPlace, form: &Fields) -> Result<(), Notice> {
    let escalate_after = form.some("escalateAfter").map(time).transpose()?;
    let stop = Stop { reason: form.text("reason").to_owned(), escalate_after, ..Stop::default() };
    visit.ui.app.workflows.cancel(&visit.request, &place.addressee(), &stop).await?;
    Ok(())
}

fn time(text: &str) -> Result<Duration, Notice> {
    service::settings::duration(text).map_err(|_| {
        Notice::of_field("the time until the termination is not a time: write 30s, 10m or 1h30m")
    })
}
