//! `…/delete`: deletes an intent.

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;
use bridge_http::ApiError;

use super::place::{IntentPlace, unless_changed};
use crate::act::Act;
use crate::frame::Frame;
use crate::link::INTENTS;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::visit::{Form, OfIntent, Visit};

#[derive(Template)]
#[template(path = "intents/delete.html")]
struct DeletePage {
    frame: Frame,
    act: Act,
    place: IntentPlace,
    at: String,
}

pub(crate) async fn form(visit: Visit, OfIntent(key): OfIntent) -> Result<Response, ApiError> {
    let kept = visit.ui.app.intents.get(&visit.request, &key).await?;
    let act = Act::new(&visit, Action::DeleteIntent, &key);
    let at = kept.revision.to_string();
    Ok(page(act.status(), &DeletePage { frame: visit.frame, act, place: IntentPlace(key), at }))
}

pub(crate) async fn act(
    visit: Visit,
    OfIntent(key): OfIntent,
    Form(form): Form,
) -> Result<Response, ApiError> {
    let intents = &visit.ui.app.intents;
    let Err(error) = intents.delete(&visit.request, &key, &unless_changed(&form)).await else {
        return Ok(see(INTENTS));
    };
    // The form is about the intent as it is now.
    let at = intents.get(&visit.request, &key).await?.revision.to_string();
    let act = Act::failed(Notice::from(error));
    Ok(page(act.status(), &DeletePage { frame: visit.frame, act, place: IntentPlace(key), at }))
}
