//! `…/run/update`: sends an update to a workflow, and shows its outcome.

use askama::Template;
use axum::response::Response;
use bridge_core::UpdateOrder;
use bridge_core::access::Action;
use workflow_api::{MessageKind, UpdateAnswer, UpdateStage};

use super::message::Message;
use super::place::RunPlace;
use crate::act::Act;
use crate::frame::Frame;
use crate::json::pretty;
use crate::notice::Notice;
use crate::page::page;
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "runs/update.html")]
struct UpdatePage {
    frame: Frame,
    act: Act,
    place: RunPlace,
    message: Message,
    outcome: Option<Outcome>,
}

struct Outcome {
    is_complete: bool,
    result: Option<String>,
}

impl From<UpdateAnswer> for Outcome {
    fn from(answer: UpdateAnswer) -> Self {
        let is_complete = answer.stage == UpdateStage::Completed;
        Self { is_complete, result: answer.result.as_ref().map(pretty) }
    }
}

pub(crate) async fn form(visit: Visit, place: RunPlace) -> Response {
    let act = Act::new(&visit, Action::Update, &place.intent);
    let message = Message::of(&visit.query).with_names(&visit, &place, MessageKind::Update).await;
    page(act.status(), &UpdatePage { frame: visit.frame, act, place, message, outcome: None })
}

pub(crate) async fn act(visit: Visit, place: RunPlace, Form(form): Form) -> Response {
    let mut message = Message::of(&form);
    let (act, outcome) = match send(&visit, &place, &message).await {
        Ok(answer) => {
            let outcome = Outcome::from(answer);
            if outcome.is_complete {
                // What is sent next is another update.
                message = Message { key: uuid::Uuid::new_v4().to_string(), ..message };
            }
            (Act::new(&visit, Action::Update, &place.intent), Some(outcome))
        }
        Err(notice) => (Act::failed(notice), None),
    };
    let message = message.with_names(&visit, &place, MessageKind::Update).await;
    page(act.status(), &UpdatePage { frame: visit.frame, act, place, message, outcome })
}

async fn send(visit: &Visit, place: &RunPlace, message: &Message) -> Result<UpdateAnswer, Notice> {
    let (name, update_id) = (message.name.clone(), Some(message.key.clone()));
    let order = UpdateOrder { name, args: message.args()?, update_id, ..UpdateOrder::default() };
    Ok(visit.ui.app.workflows.update(&visit.request, &place.addressee(), order).await?)
}
