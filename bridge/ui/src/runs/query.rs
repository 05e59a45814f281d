//! `…/run/query`: queries a workflow, and shows the result.

use askama::Template;
use axum::response::Response;
use bridge_core::QueryOrder;
use bridge_core::access::Action;
use workflow_api::{CURRENT_STATE, MessageKind};

use super::message::Message;
use super::place::RunPlace;
use crate::act::Act;
use crate::frame::Frame;
use crate::json::pretty;
use crate::notice::Notice;
use crate::page::page;
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "runs/query.html")]
struct QueryPage {
    frame: Frame,
    act: Act,
    place: RunPlace,
    message: Message,
    result: Option<String>,
}

pub(crate) async fn form(visit: Visit, place: RunPlace) -> Response {
    let act = Act::new(&visit, Action::Query, &place.intent);
    // Workflows that are made with our kit answer this query.
    let message = Message { name: CURRENT_STATE.to_owned(), ..Message::default() };
    let message = message.with_names(&visit, &place, MessageKind::Query).await;
    page(act.status(), &QueryPage { frame: visit.frame, act, place, message, result: None })
}

pub(crate) async fn act(visit: Visit, place: RunPlace, Form(form): Form) -> Response {
    let message = Message::of(&form);
    let (act, result) = match ask(&visit, &place, &message).await {
        Ok(result) => (Act::new(&visit, Action::Query, &place.intent), Some(result)),
        Err(notice) => (Act::failed(notice), None),
    };
    let message = message.with_names(&visit, &place, MessageKind::Query).await;
    page(act.status(), &QueryPage { frame: visit.frame, act, place, message, result })
}

async fn ask(visit: &Visit, place: &RunPlace, message: &Message) -> Result<String, Notice> {
    let (query_type, args) = (message.name.clone(), message.args()?);
    let order = QueryOrder { query_type, args, ..QueryOrder::default() };
    let answer = visit.ui.app.workflows.query(&visit.request, &place.addressee(), order).await?;
    Ok(pretty(&answer.result))
}
