//! `/ui/intents`: the intents of all groups.

use askama::Template;
use axum::response::Response;
use bridge_core::model::{DigKey, IntentKey};
use bridge_core::ports::FoundIntent;
use bridge_core::{IntentFilter, IntentSearch};
use bridge_http::ApiError;
use http::StatusCode;
use workflow_api::ClientStanding;

use crate::frame::Frame;
use crate::link::{self, INTENTS};
use crate::page::page;
use crate::runs::list::{StateChoice, states};
use crate::show::Moment;
use crate::visit::Visit;

const LIMIT: u32 = 50;

/// The results of a check by the workflow client, with their words.
const STANDINGS: [(&str, &str, ClientStanding); 3] = [
    ("accepted", "Accepted", ClientStanding::Accepted),
    ("drifted", "Drifted", ClientStanding::Drifted),
    ("unknown", "Not known", ClientStanding::Unknown),
];

#[derive(Template)]
#[template(path = "intents/list.html")]
struct IntentsPage {
    frame: Frame,
    project: String,
    name: String,
    client: String,
    queue: String,
    kind: String,
    states: Vec<StateChoice>,
    standings: Vec<StateChoice>,
    is_filtered: bool,
    /// Whether one of the filters is used that are not shown at first.
    has_more: bool,
    rows: Vec<IntentRow>,
    first: Option<String>,
    next: Option<String>,
}

/// An intent as the row of the table.
struct IntentRow {
    link: String,
    name: String,
    description: String,
    group: DigKey,
    client: String,
    queue: String,
    changed: Moment,
}

pub(crate) async fn show(visit: Visit) -> Result<Response, ApiError> {
    let query = &visit.query;
    let some = |name: &str| query.some(name).map(str::to_owned);
    let text = |name: &str| query.text(name).to_owned();
    let (state, states) = states(query);
    let standing = STANDINGS.into_iter().find(|(value, ..)| *value == query.text("check"));
    let filter = IntentFilter {
        workflow_client_name: some("client"),
        task_queue: some("queue"),
        state,
        workflow_type: some("type").map(Into::into),
        client_check: standing.map(|(.., standing)| standing),
    };
    let after = IntentKey::read(query.text("continue"));
    let search = IntentSearch { project: some("project"), text: text("name"), filter, after, limit: LIMIT };
    let found = visit.ui.app.intents.search(&visit.request, &search).await?;
    let names = ["project", "name", "client", "queue", "type", "state", "check"];
    let kept = names.map(|name| (name, query.text(name)));
    let at = |place: &str| link::with_query(INTENTS, &[&kept[..], &[("continue", place)]].concat());
    let view = IntentsPage {
        frame: visit.frame.clone(),
        project: text("project"),
        name: text("name"),
        client: text("client"),
        queue: text("queue"),
        kind: text("type"),
        states,
        standings: STANDINGS.map(|(value, word, _)| choice(value, word, query.text("check"))).into(),
        has_more: ["client", "queue", "type", "check"].iter().any(|name| !query.text(name).is_empty()),
        is_filtered: kept.iter().any(|(_, value)| !value.is_empty()),
        rows: found.intents.iter().map(IntentRow::from).collect(),
        first: search.after.as_ref().map(|_| at("")),
        next: found.next.map(|next| at(&next.to_string())),
    };
    Ok(page(StatusCode::OK, &view))
}

fn choice(value: &str, word: &'static str, chosen: &str) -> StateChoice {
    StateChoice { value: value.to_owned(), word, is_chosen: value == chosen }
}

impl From<&FoundIntent> for IntentRow {
    fn from(found: &FoundIntent) -> Self {
        let intent = &found.kept.intent;
        Self {
            link: link::intent(&found.key),
            name: found.key.name.clone(),
            description: intent.metadata.description.clone(),
            group: found.key.dig.clone(),
            client: intent.spec.temporal.workflow_client_name.clone(),
            queue: intent.spec.temporal.workflow_start_options.task_queue.to_string(),
            changed: Moment(found.changed_at),
        }
    }
}
