//! `…/rollback`: takes an earlier revision of an intent again, after a look at what that changes.

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;
use bridge_core::model::IntentKey;
use bridge_http::ApiError;

use super::place::{IntentPlace, unless_changed};
use crate::act::Act;
use crate::diff::{Line, compare, document};
use crate::frame::Frame;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::visit::{Form, OfIntent, Visit};

#[derive(Template)]
#[template(path = "intents/rollback.html")]
struct RollBackPage {
    frame: Frame,
    act: Act,
    place: IntentPlace,
    revision: String,
    /// The revision that the intent is at; empty if it is deleted.
    at: String,
    lines: Vec<Line>,
}

impl RollBackPage {
    /// Shows what the roll-back would change now.
    async fn page(visit: &Visit, key: IntentKey, act: Act, revision: &str) -> Result<Response, ApiError> {
        let (request, intents) = (&visit.request, &visit.ui.app.intents);
        let latest = intents.changes(request, &key, None, 1).await?.changes;
        let number = latest.first().map(|change| change.revision.to_string()).unwrap_or_default();
        let now = intents.revision(request, &key, &number).await?;
        let then = intents.revision(request, &key, revision).await?;
        let lines = compare(&document(now.intent.as_deref()), &document(then.intent.as_deref()));
        let at = if now.intent.is_some() { number } else { String::new() };
        let (frame, revision) = (visit.frame.clone(), revision.to_owned());
        let view = Self { frame, place: IntentPlace(key), revision, at, lines, act };
        Ok(page(view.act.status(), &view))
    }
}

pub(crate) async fn form(visit: Visit, OfIntent(key): OfIntent) -> Result<Response, ApiError> {
    let act = Act::new(&visit, Action::RollBackIntent, &key);
    RollBackPage::page(&visit, key, act, visit.query.text("revision")).await
}

pub(crate) async fn act(
    visit: Visit,
    OfIntent(key): OfIntent,
    Form(form): Form,
) -> Result<Response, ApiError> {
    let revision = form.text("revision");
    let intents = &visit.ui.app.intents;
    match intents.roll_back(&visit.request, &key, revision, &unless_changed(&form)).await {
        Ok(_) => Ok(see(&IntentPlace(key).page("", &[("done", "rolledback")]))),
        Err(error) => {
            let act = Act::failed(Notice::from(error));
            RollBackPage::page(&visit, key, act, revision).await
        }
    }
}
