//! `…/run/history`: the events of a run, page by page, newest first.

use askama::Template;
use axum::response::Response;
use bridge_core::StatusRequest;
use bridge_core::access::{Action, Resource};
use bridge_core::ports::{HistoryRequest, PageToken};
use bridge_http::ApiError;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;
use workflow_api::RawJson;

use super::place::RunPlace;
use crate::frame::Frame;
use crate::json::pretty;
use crate::may::May;
use crate::page::page;
use crate::show::Moment;
use crate::visit::Visit;

const LIMIT: usize = 100;
/// The event after which a workflow can continue in another way.
const RESET_POINT: &str = "Workflow task completed";

#[derive(Template)]
#[template(path = "runs/history.html")]
struct HistoryPage {
    frame: Frame,
    place: RunPlace,
    events: Vec<EventView>,
    is_first: bool,
    next: Option<String>,
}

/// An event.
struct EventView {
    id: String,
    at: Option<Moment>,
    kind: String,
    /// What it is about, such as the type of an activity; empty if it names nothing.
    name: String,
    json: String,
    /// The form that resets the workflow to this event, if that is a point for it.
    reset: Option<String>,
}

pub(crate) async fn show(visit: Visit, mut place: RunPlace) -> Result<Response, ApiError> {
    let token: Option<PageToken> = visit.query.text("continue").parse().ok();
    let is_first = token.is_none();
    let history =
        HistoryRequest { close_event: false, reverse: true, page_size: Some(LIMIT), page_token: token };
    let wanted = StatusRequest { history: Some(history), ..StatusRequest::default() };
    let report = visit.ui.app.workflows.status(&visit.request, &place.addressee(), &wanted).await?;
    let status = report.status;
    (place.workflow_id, place.run_id) = (status.workflow_id, status.run_id);
    let next = status.history_next_page_token.map(|token| place.page("history", &[("continue", &token)]));
    let may = May::ask(&visit, Resource::Intent(&place.intent), &[Action::Reset]).may(Action::Reset);
    let mut events: Vec<_> = status.workflow_history.unwrap_or_default().iter().map(event).collect();
    for event in events.iter_mut().filter(|event| may && event.kind == RESET_POINT) {
        event.reset = Some(place.page("reset", &[("to", "event"), ("event", &event.id)]));
    }
    Ok(page(StatusCode::OK, &HistoryPage { frame: visit.frame, place, events, is_first, next }))
}

fn event(json: &RawJson) -> EventView {
    let event: Value = serde_json::from_str(json.as_str()).unwrap_or_default();
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    EventView {
        id: text("eventId"),
        at: text("eventTime").parse::<Timestamp>().ok().map(Moment),
        kind: in_words(&text("eventType")),
        name: name(&event).unwrap_or_default().to_owned(),
        json: pretty(json),
        reset: None,
    }
}

/// Returns what an event is about.
fn name(event: &Value) -> Option<&str> {
    let attributes = event.as_object()?.iter().find(|(name, _)| name.ends_with("EventAttributes"))?.1;
    let types = ["activityType", "workflowType"].map(|name| attributes[name]["name"].as_str());
    let names = ["signalName", "timerId"].map(|name| attributes[name].as_str());
    types.into_iter().chain(names).flatten().next()
}

/// Returns Temporal's name of an event type in words: `Activity task scheduled`.
fn in_words(kind: &str) -> String {
    let kind = kind.strip_prefix("EVENT_TYPE_").unwrap_or(kind).replace('_', " ").to_lowercase();
    let mut letters = kind.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
