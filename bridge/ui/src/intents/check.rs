//! `…/check`: asks the workflow client of an intent whether it accepts the intent, and what it declares.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use bridge_core::{ClientAnswer, ClientCheck};
use bridge_http::ApiError;
use http::StatusCode;
use serde_json::Value;
use workflow_api::{CatalogueEntry, Fault, MessageEntry};

use super::place::IntentPlace;
use crate::frame::Frame;
use crate::page::page;
use crate::show::{Chip, Tone};
use crate::visit::{OfIntent, Visit};

#[derive(Template)]
#[template(path = "intents/check.html")]
struct CheckPage {
    frame: Frame,
    place: IntentPlace,
    chip: Chip,
    faults: Vec<Fault>,
    reason: String,
    client: Option<Declared>,
}

/// What a workflow client declares.
struct Declared {
    entry: CatalogueEntry,
    messages: Vec<(&'static str, Vec<String>)>,
    /// The JSON Schemas of the parameters, by activity.
    params: Vec<(String, String)>,
}

pub(crate) async fn show(visit: Visit, OfIntent(key): OfIntent) -> Result<Response, ApiError> {
    let ClientAnswer { check, client } = visit.ui.app.intents.check(&visit.request, &key, None).await?;
    let (chip, faults, reason) = match check {
        ClientCheck::Accepted => (Chip::new(Tone::Good, "Accepted"), Vec::new(), String::new()),
        ClientCheck::Drifted(faults) => (Chip::new(Tone::Bad, "Drifted"), faults, String::new()),
        ClientCheck::Unknown(reason) => (Chip::new(Tone::Doubtful, "Not known"), Vec::new(), reason),
    };
    let client = client.map(Declared::from);
    let view = CheckPage { frame: visit.frame, place: IntentPlace(key), chip, faults, reason, client };
    Ok(page(StatusCode::OK, &view))
}

impl From<CatalogueEntry> for Declared {
    fn from(entry: CatalogueEntry) -> Self {
        let schema = |(activity, schema): (&String, &Value)| {
            (activity.clone(), serde_json::to_string_pretty(schema).unwrap_or_default())
        };
        Self { messages: messages(&entry), params: entry.params.iter().map(schema).collect(), entry }
    }
}

/// Returns the activities of a client's workflow, and what can be sent to it: by kind, without empty ones.
pub(crate) fn messages(entry: &CatalogueEntry) -> Vec<(&'static str, Vec<String>)> {
    let names = |messages: &Option<BTreeMap<String, MessageEntry>>| {
        messages.iter().flatten().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let all = [
        ("Activities", entry.activities.clone().unwrap_or_default()),
        ("Signals", names(&entry.signals)),
        ("Updates", names(&entry.updates)),
        ("Queries", names(&entry.queries)),
    ];
    all.into_iter().filter(|(_, names)| !names.is_empty()).collect()
}
