//! `/ui/new-intent` and `…/edit`: keeps an intent, by a form or as a document.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;
use bridge_core::model::{DigKey, IntentKey};
use bridge_core::{ChangeOptions, ClientAnswer, ClientCheck, IntentError, IntentsError};
use bridge_http::ApiError;
use http::StatusCode;
use workflow_api::WorkflowIntent;

use super::form::{Inputs, apply, entered};
use super::place::{IntentPlace, unless_changed};
use crate::act::Act;
use crate::diff::{Line, compare, document};
use crate::document::Document;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::link::INTENTS;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::visit::{Form, OfIntent, Visit};

/// The fields of the group and the name of a new intent, with their labels.
const PLACE: [(&str, &str); 5] = [
    ("project", "Project"),
    ("app", "Composite app"),
    ("version", "Version of the composite app"),
    ("dig", "Deployment intent group"),
    ("name", "Name"),
];

#[derive(Template)]
#[template(path = "intents/edit.html")]
struct EditPage {
    frame: Frame,
    act: Act,
    draft: Draft,
    inputs: Inputs,
    /// Why the workflow client does not describe its parameters.
    unknown: Option<String>,
}

/// An intent that is being written.
struct Draft {
    key: IntentKey,
    is_new: bool,
    /// The revision that it was made from; empty if the intent did not exist.
    at: String,
    entered: Entered,
    /// The intent as far as it could be read.
    intent: WorkflowIntent,
    /// What others have changed since that revision.
    changes: Vec<Line>,
    /// Whether the bridge has checked it and has nothing against it.
    is_checked: bool,
}

/// What was entered.
enum Entered {
    Form(Fields),
    Document(Document),
}

impl Draft {
    /// Begins a new intent; the query can name its group.
    fn new(query: &Fields) -> Self {
        let key = key_of(query);
        let entered = Entered::Form(Fields::default());
        Self::made(key, true, String::new(), WorkflowIntent::default(), entered)
    }

    /// Begins to edit the intent as it is now.
    async fn kept(visit: &Visit, key: IntentKey) -> Result<Self, ApiError> {
        let kept = visit.ui.app.intents.get(&visit.request, &key).await?;
        let intent = Arc::unwrap_or_clone(kept.intent);
        let fields = Entered::Form(entered(&intent));
        Ok(Self::made(key, false, kept.revision.to_string(), intent, fields))
    }

    /// Reads what was sent. It is a change of the revision that the form was made from.
    async fn sent(
        visit: &Visit,
        key: Option<IntentKey>,
        form: &Fields,
    ) -> Result<(Self, Result<(), Notice>), ApiError> {
        let (is_new, key) = (key.is_none(), key.unwrap_or_else(|| key_of(form)));
        let at = form.text("at").to_owned();
        let mut intent = WorkflowIntent::default();
        if !at.is_empty() {
            let revision = visit.ui.app.intents.revision(&visit.request, &key, &at).await?;
            intent = revision.intent.map(Arc::unwrap_or_clone).unwrap_or_default();
        }
        let is_document = form.all("document").next().is_some();
        let (entered, read) = if is_document {
            let document = Document::of(form);
            let read = document.read().map(|read| intent = read);
            (Entered::Document(document), read)
        } else {
            let faults = apply(form, &mut intent);
            let read = if faults.is_empty() { Ok(()) } else { Err(Notice::of_faults(faults)) };
            (Entered::Form(form.clone()), read)
        };
        if is_new || intent.metadata.name.is_empty() {
            intent.metadata.name.clone_from(&key.name);
        }
        Ok((Self::made(key, is_new, at, intent, entered), read))
    }

    fn made(key: IntentKey, is_new: bool, at: String, intent: WorkflowIntent, entered: Entered) -> Self {
        Self { key, is_new, at, entered, intent, changes: Vec::new(), is_checked: false }
    }

    /// Shows the same intent in the other way.
    fn show_as(&mut self, is_document: bool) {
        self.entered = if is_document {
            Entered::Document(Document { text: document(Some(&self.intent)), ..Document::default() })
        } else {
            Entered::Form(entered(&self.intent))
        };
    }

    async fn put(&self, visit: &Visit, options: &ChangeOptions) -> Result<(), Notice> {
        visit.ui.app.intents.put(&visit.request, &self.key, self.intent.clone(), options).await?;
        Ok(())
    }

    /// Shows what others have changed, and makes what is sent next a change of that.
    async fn merge(&mut self, visit: &Visit) -> Result<(), ApiError> {
        let (intents, request) = (&visit.ui.app.intents, &visit.request);
        let before = match self.at.as_str() {
            "" => None,
            at => intents.revision(request, &self.key, at).await?.intent,
        };
        let now = match intents.get(request, &self.key).await {
            Ok(kept) => Some(kept),
            Err(IntentError::NoSuchIntent(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let of_now = now.as_ref().map(|kept| &*kept.intent);
        self.changes = compare(&document(before.as_deref()), &document(of_now));
        self.at = now.map(|kept| kept.revision.to_string()).unwrap_or_default();
        Ok(())
    }

    /// Makes the page. The workflow client describes the parameters, if it is known and there.
    async fn page(self, visit: Visit, mut act: Act) -> Response {
        let (check, client) = match self.client(&visit).await {
            Some(ClientAnswer { check, client }) => (Some(check), client),
            None => (None, None),
        };
        let mut unknown = None;
        match check {
            Some(ClientCheck::Drifted(faults)) if self.is_checked => {
                act = Act::failed(IntentsError::Unsound(faults));
            }
            Some(ClientCheck::Unknown(reason)) => unknown = Some(reason),
            _ => {}
        }
        let mut inputs = Inputs::default();
        if let Entered::Form(fields) = &self.entered {
            inputs = Inputs::new(fields, client.as_ref());
            if let Some(notice) = &mut act.notice {
                notice.faults = inputs.place(std::mem::take(&mut notice.faults));
            }
        }
        page(act.status(), &EditPage { frame: visit.frame, act, draft: self, inputs, unknown })
    }

    async fn client(&self, visit: &Visit) -> Option<ClientAnswer> {
        if self.intent.spec.workflow_client.client_endpoint_name.is_empty() {
            return None;
        }
        let intent = Arc::new(self.intent.clone());
        visit.ui.app.intents.check(&visit.request, &self.key, Some(intent)).await.ok()
    }

    fn back(&self) -> String {
        if self.is_new { INTENTS.to_owned() } else { self.place().link() }
    }

    fn place(&self) -> IntentPlace {
        IntentPlace(self.key.clone())
    }

    /// Returns the fields of the group and the name: field, label and value.
    fn group(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let DigKey { project, composite_app, version, dig } = &self.key.dig;
        let values = [project, composite_app, version, dig, &self.key.name];
        PLACE.into_iter().zip(values).map(|((name, label), value)| (name, label, value.as_str()))
    }
}

pub(crate) async fn new(visit: Visit) -> Response {
    let draft = Draft::new(&visit.query);
    let mut act = Act::new(&visit, Action::PutIntent, &draft.key);
    if visit.ui.app.rights.anywhere(&visit.request, Action::PutIntent) {
        act = Act { notice: None, may: true };
    }
    draft.page(visit, act).await
}

pub(crate) async fn create(visit: Visit, Form(form): Form) -> Result<Response, ApiError> {
    submit(visit, None, form).await
}

pub(crate) async fn form(visit: Visit, OfIntent(key): OfIntent) -> Result<Response, ApiError> {
    let act = Act::new(&visit, Action::PutIntent, &key);
    let draft = Draft::kept(&visit, key).await?;
    Ok(draft.page(visit, act).await)
}

pub(crate) async fn act(
    visit: Visit,
    OfIntent(key): OfIntent,
    Form(form): Form,
) -> Result<Response, ApiError> {
    submit(visit, Some(key), form).await
}

/// Does what the button of a form is for.
async fn submit(visit: Visit, key: Option<IntentKey>, form: Fields) -> Result<Response, ApiError> {
    let (mut draft, read) = Draft::sent(&visit, key, &form).await?;
    let options = unless_changed(&form);
    let done = match (read, form.text("do")) {
        (Err(notice), _) => Err(notice),
        (Ok(()), way @ ("form" | "document")) => {
            draft.show_as(way == "document");
            Ok(())
        }
        (Ok(()), "check") => draft.put(&visit, &ChangeOptions { dry_run: true, ..options }).await,
        (Ok(()), _) => match draft.put(&visit, &options).await {
            Ok(()) => return Ok(see(&draft.place().page("", &[("done", "saved")]))),
            Err(notice) => Err(notice),
        },
    };
    draft.is_checked = done.is_ok() && form.text("do") == "check";
    let act = done.err().map_or(Act { notice: None, may: true }, Act::failed);
    if act.status() == StatusCode::PRECONDITION_FAILED {
        draft.merge(&visit).await?;
    }
    Ok(draft.page(visit, act).await)
}

fn key_of(fields: &Fields) -> IntentKey {
    let [project, app, version, dig, name] = PLACE.map(|(field, _)| fields.text(field));
    DigKey::new(project, app, version, dig).intent(name)
}
