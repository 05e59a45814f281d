//! `…/run/signal`: sends a signal to a workflow.

use askama::Template;
use axum::response::Response;
use bridge_core::SignalOrder;
use bridge_core::access::Action;
use workflow_api::MessageKind;

use super::message::Message;
use super::place::RunPlace;
use crate::act::Act;
use crate::frame::Frame;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "runs/signal.html")]
struct SignalPage {
    frame: Frame,
    act: Act,
    place: RunPlace,
    message: Message,
}

pub(crate) async fn form(visit: Visit, place: RunPlace) -> Response {
    let act = Act::new(&visit, Action::Signal, &place.intent);
    let message = Message::of(&visit.query).with_names(&visit, &place, MessageKind::Signal).await;
    page(act.status(), &SignalPage { frame: visit.frame, act, place, message })
}

pub(crate) async fn act(visit: Visit, place: RunPlace, Form(form): Form) -> Response {
    let message = Message::of(&form);
    match send(&visit, &place, &message).await {
        Ok(()) => see(&place.link("signalled")),
        Err(notice) => {
            let message = message.with_names(&visit, &place, MessageKind::Signal).await;
            let act = Act::failed(notice);
            page(act.status(), &SignalPage { frame: visit.frame, act, place, message })
        }
    }
}

async fn send(visit: &Visit, place: &RunPlace, message: &Message) -> Result<(), Notice> {
    let (name, key) = (message.name.clone(), Some(message.key.clone()));
    let order = SignalOrder { name, args: message.args()?, key, ..SignalOrder::default() };
    visit.ui.app.workflows.signal(&visit.request, &place.addressee(), order).await?;
    Ok(())
}
