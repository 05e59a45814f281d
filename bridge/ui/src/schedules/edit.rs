//! `…/new-schedule` and `…/schedules/{schedule}/edit`: keeps a schedule, written as JSON or YAML.

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;
use bridge_core::model::{IntentKey, ScheduleKey};
use bridge_core::{ChangedSchedule, ScheduleOptions};
use bridge_http::ApiError;
use http::StatusCode;
use workflow_api::Schedule;

use super::SchedulePlace;
use crate::act::{Act, unless_changed};
use crate::diff::compare;
use crate::document::Document;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::link;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::visit::{Form, OfIntent, Visit};

/// What a new schedule begins with.
const NEW: &str = "metadata:
  name: nightly
  description: \"\"
spec:
  crons:
    - 30 2 * * 1-5
  timeZone: Europe/Berlin
  overlap: Skip
";

#[derive(Template)]
#[template(path = "schedules/edit.html")]
struct EditPage {
    frame: Frame,
    act: Act,
    intent: IntentKey,
    /// The name of the schedule; empty for a new one.
    name: String,
    back: String,
    document: Document,
}

impl EditPage {
    fn page(visit: Visit, place: &SchedulePlace, act: Act, document: Document) -> Response {
        let ScheduleKey { intent, name } = place.0.clone();
        let back = if name.is_empty() { link::intent(&intent) } else { place.link("") };
        page(act.status(), &Self { frame: visit.frame, act, intent, name, back, document })
    }
}

pub(crate) async fn new(visit: Visit, OfIntent(intent): OfIntent) -> Response {
    let act = Act::new(&visit, Action::PutSchedule, &intent);
    let document = Document { text: NEW.to_owned(), ..Document::default() };
    EditPage::page(visit, &nameless(intent), act, document)
}

pub(crate) async fn create(visit: Visit, OfIntent(intent): OfIntent, Form(form): Form) -> Response {
    let document = Document::of(&form);
    match put(&visit, nameless(intent.clone()), &form).await {
        Ok(kept) => see(&kept),
        Err(notice) => EditPage::page(visit, &nameless(intent), Act::failed(notice), document),
    }
}

pub(crate) async fn form(visit: Visit, place: SchedulePlace) -> Result<Response, ApiError> {
    let kept = visit.ui.app.schedules.get(&visit.request, &place.0).await?;
    let act = Act::new(&visit, Action::PutSchedule, &place.0.intent);
    let document =
        Document { text: text(Some(&kept.schedule)), at: kept.revision.to_string(), ..Document::default() };
    Ok(EditPage::page(visit, &place, act, document))
}

pub(crate) async fn act(visit: Visit, place: SchedulePlace, Form(form): Form) -> Result<Response, ApiError> {
    match put(&visit, place.clone(), &form).await {
        Ok(kept) => Ok(see(&kept)),
        Err(notice) => {
            let mut document = Document::of(&form);
            if notice.status == StatusCode::PRECONDITION_FAILED {
                merge(&visit, &place.0, &mut document).await?;
            }
            Ok(EditPage::page(visit, &place, Act::failed(notice), document))
        }
    }
}

/// Keeps what was typed, and returns the page of the schedule.
async fn put(visit: &Visit, mut place: SchedulePlace, form: &Fields) -> Result<String, Notice> {
    let schedule: Schedule = Document::of(form).read()?;
    if place.0.name.is_empty() {
        place.0.name.clone_from(&schedule.metadata.name);
    }
    let options = ScheduleOptions { conditions: unless_changed(form), ..ScheduleOptions::default() };
    let changed = visit.ui.app.schedules.put(&visit.request, &place.0, schedule, &options).await?;
    let ChangedSchedule { applied, .. } = changed;
    Ok(place.link(if applied { "saved" } else { "late" }))
}

/// Shows what others have changed, and makes what is sent next a change of that.
async fn merge(visit: &Visit, key: &ScheduleKey, document: &mut Document) -> Result<(), ApiError> {
    let (schedules, request) = (&visit.ui.app.schedules, &visit.request);
    let before = schedules.revision(request, key, &document.at).await?.schedule;
    let now = schedules.get(request, key).await?;
    document.changes = compare(&text(before.as_deref()), &text(Some(&now.schedule)));
    document.at = now.revision.to_string();
    Ok(())
}

fn text(schedule: Option<&Schedule>) -> String {
    schedule.map(|schedule| serde_json::to_string_pretty(schedule).unwrap_or_default()).unwrap_or_default()
}

fn nameless(intent: IntentKey) -> SchedulePlace {
    SchedulePlace(ScheduleKey { intent, name: String::new() })
}
