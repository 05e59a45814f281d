//! `/ui/rules/new` and `…/{rule}/edit`: keeps a rule, written as JSON or YAML, or shows what it would have done.

use askama::Template;
use axum::response::Response;
use bridge_core::RuleOptions;
use bridge_core::access::Action;
use bridge_core::model::RuleKey;
use bridge_http::ApiError;
use http::StatusCode;
use workflow_api::WorkflowRule;
use workflow_api::rules::is_name;

use super::place::RulePlace;
use super::rehearsed::Rehearsed;
use super::samples::Sample;
use super::text::text;
use crate::act::{Act, unless_changed};
use crate::diff::compare;
use crate::document::Document;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::may::May;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::visit::{Form, Visit};

/// What a rule begins with that is made of no sample.
const NEW: &str = "metadata:
  name: failed
  description: A workflow has failed
spec:
  scope:
    intent: \"*\"
  when:
    state: [Failed, TimedOut]
  then:
    - alarm:
        probableCause: workflowFailed
";

#[derive(Template)]
#[template(path = "rules/edit.html")]
struct EditPage {
    frame: Frame,
    act: Act,
    /// Without a name for a new rule.
    place: RulePlace,
    back: String,
    may_rehearse: bool,
    document: Document,
    rehearsed: Option<Rehearsed>,
}

/// What a form has led to.
enum Sent {
    /// The rule is kept; this is its page.
    Kept(String),
    /// Nothing was changed; this would have been done.
    Rehearsed(Rehearsed),
}

impl EditPage {
    fn page(
        visit: Visit,
        place: RulePlace,
        act: Act,
        document: Document,
        rehearsed: Option<Rehearsed>,
    ) -> Response {
        let rehearse = Action::RehearseRule;
        let (back, may_rehearse) = if place.0.name.is_empty() {
            (place.list(), visit.ui.app.rights.anywhere(&visit.request, rehearse))
        } else {
            (place.below(""), May::ask(&visit, place.0.place(), &[rehearse]).may(rehearse))
        };
        let frame = visit.frame;
        page(act.status(), &Self { frame, act, place, back, may_rehearse, document, rehearsed })
    }
}

pub(crate) async fn new(visit: Visit) -> Response {
    let sample = Sample::named(visit.query.text("sample"));
    let text = sample.map_or(NEW, |sample| sample.document).to_owned();
    let place = nameless(&visit.query);
    let act = right(&visit, &place);
    EditPage::page(visit, place, act, Document { text, ..Document::default() }, None)
}

pub(crate) async fn create(visit: Visit, Form(form): Form) -> Response {
    let (place, document) = (nameless(&form), Document::of(&form));
    match send(&visit, place.clone(), &form).await {
        Ok(Sent::Kept(kept)) => see(&kept),
        Ok(Sent::Rehearsed(rehearsed)) => {
            let act = right(&visit, &place);
            EditPage::page(visit, place, act, document, Some(rehearsed))
        }
        Err(notice) => EditPage::page(visit, place, Act::failed(notice), document, None),
    }
}

pub(crate) async fn form(visit: Visit, place: RulePlace) -> Result<Response, ApiError> {
    let kept = visit.ui.app.rules.get(&visit.request, &place.0).await?;
    let act = right(&visit, &place);
    let document =
        Document { text: text(Some(&kept.rule)), at: kept.revision.to_string(), ..Document::default() };
    Ok(EditPage::page(visit, place, act, document, None))
}

pub(crate) async fn act(visit: Visit, place: RulePlace, Form(form): Form) -> Result<Response, ApiError> {
    let mut document = Document::of(&form);
    Ok(match send(&visit, place.clone(), &form).await {
        Ok(Sent::Kept(kept)) => see(&kept),
        Ok(Sent::Rehearsed(rehearsed)) => {
            let act = right(&visit, &place);
            EditPage::page(visit, place, act, document, Some(rehearsed))
        }
        Err(notice) => {
            if notice.status == StatusCode::PRECONDITION_FAILED {
                merge(&visit, &place.0, &mut document).await?;
            }
            EditPage::page(visit, place, Act::failed(notice), document, None)
        }
    })
}

/// Returns whether the form is offered. Without a project, a new rule can be about any.
fn right(visit: &Visit, place: &RulePlace) -> Act {
    let put = Action::PutRule;
    let RuleKey { project, name } = &place.0;
    if project.is_none() && name.is_empty() && visit.ui.app.rights.anywhere(&visit.request, put) {
        return Act { may: true, notice: None };
    }
    Act::about(visit, put, place.0.place())
}

/// Keeps what was typed, or rehearses it.
async fn send(visit: &Visit, mut place: RulePlace, form: &Fields) -> Result<Sent, Notice> {
    let rule: WorkflowRule = Document::of(form).read()?;
    if place.0.name.is_empty() {
        if !place.0.project.as_deref().is_none_or(is_name) {
            let text = "the project is not a name: write that of a project, or nothing for all projects";
            return Err(Notice::of_field(text));
        }
        place.0.name.clone_from(&rule.metadata.name);
    }
    if form.text("do") == "rehearse" {
        return Rehearsed::run(visit, &place.0, rule).await.map(Sent::Rehearsed);
    }
    let options = RuleOptions { conditions: unless_changed(form), ..RuleOptions::default() };
    visit.ui.app.rules.put(&visit.request, &place.0, rule, &options).await?;
    Ok(Sent::Kept(place.link("saved")))
}

/// Shows what others have changed, and makes what is sent next a change of that.
async fn merge(visit: &Visit, key: &RuleKey, document: &mut Document) -> Result<(), ApiError> {
    let (rules, request) = (&visit.ui.app.rules, &visit.request);
    let before = rules.revision(request, key, &document.at).await?.rule;
    let now = rules.get(request, key).await?;
    document.changes = compare(&text(before.as_deref()), &text(Some(&now.rule)));
    document.at = now.revision.to_string();
    Ok(())
}

fn nameless(fields: &Fields) -> RulePlace {
    RulePlace(RuleKey { project: fields.some("project").map(str::to_owned), name: String::new() })
}
