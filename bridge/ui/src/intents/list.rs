//! `/ui/intents`: the intents of all groups.

use askama::Template;
use axum::response::Response;
use bridge_core::access::Action;
use bridge_core::model::{DigKey, IntentKey};
use bridge_core::ports::FoundIntent;
use bridge_core::{IntentFilter, IntentSearch, IntentSearchPage};
use bridge_http::ApiError;
use http::StatusCode;
use workflow_api::ClientStanding;

use crate::choice::Choice;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::link::{self, INTENTS};
use crate::page::page;
use crate::runs::list::states;
use crate::show::Moment;
use crate::visit::Visit;

const LIMIT: u32 = 50;
/// The filters, and how many of them are shown at first.
const FILTERS: [&str; 7] = ["project", "name", "state", "client", "queue", "type", "check"];
const SHOWN: usize = 3;

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
    states: Vec<Choice>,
    standings: Vec<Choice>,
    may_write: bool,
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
    let search = search(&visit.query);
    let found = visit.ui.app.intents.search(&visit.request, &search).await?;
    Ok(page(StatusCode::OK, &IntentsPage::new(&visit, search.after.is_some(), &found)))
}

/// Returns what a query asks for.
fn search(query: &Fields) -> IntentSearch {
    let some = |name: &str| query.some(name).map(str::to_owned);
    let standing = STANDINGS.into_iter().find(|(value, ..)| *value == query.text("check"));
    let filter = IntentFilter {
        workflow_client_name: some("client"),
        task_queue: some("queue"),
        state: states(query).0,
        workflow_type: some("type").map(Into::into),
        client_check: standing.map(|(.., standing)| standing),
    };
    let (project, after) = (some("project"), IntentKey::read(query.text("continue")));
    IntentSearch { project, text: query.text("name").to_owned(), filter, after, limit: LIMIT }
}

impl IntentsPage {
    fn new(visit: &Visit, is_later: bool, found: &IntentSearchPage) -> Self {
        let text = |name: &str| visit.query.text(name).to_owned();
        let is_used = |name: &str| !visit.query.text(name).is_empty();
        let kept = FILTERS.map(|name| (name, visit.query.text(name)));
        let at = |place: &str| link::with_query(INTENTS, &[&kept[..], &[("continue", place)]].concat());
        Self {
            frame: visit.frame.clone(),
            project: text("project"),
            name: text("name"),
            client: text("client"),
            queue: text("queue"),
            kind: text("type"),
            states: states(&visit.query).1,
            standings: STANDINGS
                .map(|(value, word, _)| Choice::new(value, word, visit.query.text("check")))
                .into(),
            has_more: FILTERS[SHOWN..].iter().any(|name| is_used(name)),
            may_write: visit.ui.app.rights.anywhere(&visit.request, Action::PutIntent),
            is_filtered: FILTERS.iter().any(|name| is_used(name)),
            rows: found.intents.iter().map(IntentRow::from).collect(),
            first: is_later.then(|| at("")),
            next: found.next.as_ref().map(|next| at(&next.to_string())),
        }
    }
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
