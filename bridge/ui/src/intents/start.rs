//! `…/start`: starts the workflow of an intent, once, however often the form is sent.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use bridge_core::access::{Action, Resource};
use bridge_core::model::{IntentKey, RevisionNumber};
use bridge_core::{StartError, StartKeyRequest, StartOrder, StartReport};
use bridge_http::ApiError;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use workflow_api::{StartOverrides, to_go_json};

use super::detail::params;
use super::place::IntentPlace;
use crate::act::Act;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::link;
use crate::may::May;
use crate::notice::Notice;
use crate::page::{page, see};
use crate::visit::{Form, OfIntent, Visit};

#[derive(Template)]
#[template(path = "intents/start.html")]
struct StartPage {
    frame: Frame,
    act: Act,
    place: IntentPlace,
    may_start: bool,
    may_preview: bool,
    entered: Entered,
    preview: Option<Preview>,
}

/// What the workflow client would get.
struct Preview {
    url: String,
    body: String,
}

/// What was entered.
#[derive(Debug, Clone, Default)]
struct Entered {
    /// Makes all that is sent from one form one start.
    key: String,
    /// The revision that the parameters are of.
    revision: String,
    workflow_id: String,
    params: Vec<Param>,
}

/// A parameter: it is sent only if it was changed.
#[derive(Debug, Clone, Default)]
struct Param {
    activity: String,
    name: String,
    value: String,
    was: Option<String>,
}

impl Entered {
    /// Reads the form. The fields of a parameter come one after the other.
    fn read(form: &Fields) -> Self {
        let [mut activities, mut names, mut values] =
            ["activity", "name", "value"].map(|name| form.all(name));
        let mut was = form.all("was");
        let mut params = Vec::new();
        while let (Some(activity), Some(name), Some(value)) = (activities.next(), names.next(), values.next())
        {
            let (activity, name, value) = (activity.to_owned(), name.to_owned(), value.to_owned());
            params.push(Param { activity, name, value, was: was.next().map(str::to_owned) });
        }
        Self {
            key: form.text("key").to_owned(),
            revision: form.text("revision").to_owned(),
            workflow_id: form.exact("workflowID").to_owned(),
            params,
        }
    }

    fn overrides(&self) -> StartOverrides {
        let mut activity_params = BTreeMap::<String, BTreeMap<String, String>>::new();
        let is_set = |param: &&Param| !param.name.is_empty() && param.was.as_ref() != Some(&param.value);
        for Param { activity, name, value, .. } in self.params.iter().filter(is_set) {
            activity_params.entry(activity.clone()).or_default().insert(name.clone(), value.clone());
        }
        StartOverrides { workflow_id: self.workflow_id.as_str().into(), activity_params }
    }

    fn order(&self) -> StartOrder {
        let overrides = self.overrides();
        let content = [to_go_json(&overrides), self.revision.clone().into_bytes()].concat();
        let fingerprint = hex::encode(Sha256::digest(content));
        let revision = self.revision.parse::<RevisionNumber>().ok();
        StartOrder { overrides, key: Some(StartKeyRequest { text: self.key.clone(), fingerprint }), revision }
    }
}

impl StartPage {
    fn page(visit: &Visit, key: IntentKey, act: Act, entered: Entered, preview: Option<Preview>) -> Response {
        let actions = [Action::Start, Action::PreviewStart];
        let may = May::ask(visit, Resource::Intent(&key), &actions);
        let [may_start, may_preview] = actions.map(|action| may.may(action));
        let frame = visit.frame.clone();
        let view = Self { frame, act, place: IntentPlace(key), may_start, may_preview, entered, preview };
        page(view.act.status(), &view)
    }
}

pub(crate) async fn form(visit: Visit, OfIntent(key): OfIntent) -> Result<Response, ApiError> {
    let kept = visit.ui.app.intents.get(&visit.request, &key).await?;
    let mut act = Act::new(&visit, Action::Start, &key);
    // Who may not start may still look at what a start would send.
    act.may |= May::ask(&visit, Resource::Intent(&key), &[Action::PreviewStart]).may(Action::PreviewStart);
    let mut params: Vec<_> = params(&kept.intent)
        .into_iter()
        .map(|(activity, name, value)| Param { activity, name, was: Some(value.clone()), value })
        .collect();
    params.push(Param { activity: "all-activities".to_owned(), ..Param::default() });
    let entered = Entered {
        key: Uuid::new_v4().to_string(),
        revision: kept.revision.to_string(),
        workflow_id: String::new(),
        params,
    };
    Ok(StartPage::page(&visit, key, act, entered, None))
}

pub(crate) async fn act(visit: Visit, OfIntent(key): OfIntent, Form(form): Form) -> Response {
    let mut entered = Entered::read(&form);
    if form.text("do") == "preview" {
        let (act, preview) = match preview(&visit, &key, &entered).await {
            Ok(preview) => (Act::new(&visit, Action::PreviewStart, &key), Some(preview)),
            Err(notice) => (Act::failed(notice), None),
        };
        return StartPage::page(&visit, key, act, entered, preview);
    }
    match visit.ui.app.starts.start(&visit.request, &key, entered.order()).await {
        Ok(report) => see(&link_of(&key, &report)),
        Err(error) => {
            // Nothing was started, so what is sent next is another start. Else it must stay the same one.
            if !matches!(error, StartError::OutcomeUnknown { .. } | StartError::InFlight(_)) {
                entered.key = Uuid::new_v4().to_string();
            }
            StartPage::page(&visit, key, Act::failed(error), entered, None)
        }
    }
}

async fn preview(visit: &Visit, key: &IntentKey, entered: &Entered) -> Result<Preview, Notice> {
    let preview = visit.ui.app.starts.preview(&visit.request, key, entered.overrides()).await?;
    let body = serde_json::to_string_pretty(&preview.body).unwrap_or_default();
    Ok(Preview { url: preview.url, body })
}

/// Returns the page of the run that was started.
fn link_of(key: &IntentKey, report: &StartReport) -> String {
    let run = &report.run;
    let run_id = run.run_id.as_ref().map(|id| id.as_str()).unwrap_or_default();
    let done = if run.already_running { "running" } else { "started" };
    let names = [("workflow", run.workflow_id.as_str()), ("run", run_id), ("done", done)];
    link::of_intent(key, "run", &names)
}
