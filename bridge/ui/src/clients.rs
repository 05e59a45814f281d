//! `/ui/clients`: the workflow clients and task queues that intents name, and whether they are there.

use askama::Template;
use axum::response::Response;
use bridge_core::ports::Pollers;
use bridge_core::{NamedClient, NamedPage, NamedQueue, NamedSearch, Offer};
use bridge_http::ApiError;
use http::StatusCode;
use serde_json::Value;
use workflow_api::cut;

use crate::frame::Frame;
use crate::intents::check::messages;
use crate::link::{self, CLIENTS, INTENTS};
use crate::page::page;
use crate::show::{Chip, Moment, Tone};
use crate::visit::Visit;

/// How much of the schemas of one client is shown. The server of a client may write any.
const MOST: usize = 32 << 10;

#[derive(Template)]
#[template(path = "clients.html")]
struct ClientsPage {
    frame: Frame,
    project: String,
    /// Whether there are more intents than were looked at.
    is_cut: bool,
    clients: Vec<ClientRow>,
    first_client: Option<String>,
    next_client: Option<String>,
    queues: Vec<QueueRow>,
    first_queue: Option<String>,
    next_queue: Option<String>,
}

/// A workflow client as the row of the table.
struct ClientRow {
    chip: Chip,
    name: String,
    /// What is wrong, or what it does.
    note: String,
    /// The workflow type and the task queue of the client, where it has one.
    kind: String,
    queue: String,
    /// What its workflow has, and can be sent.
    messages: Vec<(&'static str, String)>,
    /// The JSON Schemas of its parameters, by activity.
    params: Vec<(String, String)>,
    /// Whether more of them are not shown.
    has_more: bool,
    intents: u64,
    link: String,
}

/// A task queue as the row of the table.
struct QueueRow {
    chip: Chip,
    name: String,
    /// What is wrong.
    note: String,
    /// The workers of workflow tasks, and of activity tasks; empty if they are not known.
    pollers: Vec<(&'static str, Polled)>,
    intents: u64,
    /// The list of these intents. It finds no queues that are of activities only.
    link: Option<String>,
}

/// How many workers there are of a kind of tasks, and when one has polled last.
struct Polled {
    number: usize,
    last: Option<Moment>,
}

pub(crate) async fn show(visit: Visit) -> Result<Response, ApiError> {
    let exact = |name: &str| visit.query.exact(name).to_owned();
    let project = visit.query.some("project").map(str::to_owned);
    let search = NamedSearch { project, client: exact("clients-after"), queue: exact("queues-after") };
    let found = visit.ui.app.intents.named(&visit.request, &search).await?;
    Ok(page(StatusCode::OK, &ClientsPage::new(visit.frame, &search, found)))
}

impl ClientsPage {
    fn new(frame: Frame, search: &NamedSearch, found: NamedPage) -> Self {
        let project = search.project.clone().unwrap_or_default();
        let at = |client: &str, queue: &str| {
            let params = [("project", project.as_str()), ("clients-after", client), ("queues-after", queue)];
            link::with_query(CLIENTS, &params)
        };
        Self {
            frame,
            is_cut: found.is_cut,
            first_client: (!search.client.is_empty()).then(|| at("", &search.queue)),
            next_client: found.next_client.map(|next| at(&next, &search.queue)),
            first_queue: (!search.queue.is_empty()).then(|| at(&search.client, "")),
            next_queue: found.next_queue.map(|next| at(&search.client, &next)),
            clients: found.clients.into_iter().map(|client| ClientRow::new(client, &project)).collect(),
            queues: found.queues.into_iter().map(|queue| QueueRow::new(queue, &project)).collect(),
            project,
        }
    }
}

impl ClientRow {
    fn new(client: NamedClient, project: &str) -> Self {
        let link = link::with_query(INTENTS, &[("project", project), ("client", client.short_name.as_str())]);
        let row = |tone, word, note| Self {
            chip: Chip::new(tone, word),
            name: client.name.clone(),
            note,
            kind: String::new(),
            queue: String::new(),
            messages: Vec::new(),
            params: Vec::new(),
            has_more: false,
            intents: client.intents,
            link: link.clone(),
        };
        match client.offer {
            Offer::Here(entry) => {
                let params = schemas(entry.params.iter());
                let cut_all = |(what, names): (_, Vec<String>)| (what, cut(&names.join(", ")).into_owned());
                Self {
                    kind: cut(entry.workflow_type.as_str()).into_owned(),
                    queue: cut(entry.task_queue.as_str()).into_owned(),
                    messages: messages(&entry).into_iter().map(cut_all).collect(),
                    has_more: params.len() < entry.params.len(),
                    params,
                    ..row(Tone::Good, "Answers", cut(&entry.summary).into_owned())
                }
            }
            Offer::Others(names) => {
                let note = format!("Its server has other clients only: {}", cut(&names.join(", ")));
                row(Tone::Bad, "Not there", note)
            }
            Offer::NoCatalogue => row(
                Tone::Good,
                "Answers",
                "It has no catalogue, as clients that were written for EMCO".to_owned(),
            ),
            Offer::Unknown(reason) => row(Tone::Doubtful, "Not known", reason),
        }
    }

    fn has_catalogue(&self) -> bool {
        !self.messages.is_empty() || !self.params.is_empty() || self.has_more
    }
}

/// Returns those schemas for which there is room.
fn schemas<'a>(params: impl Iterator<Item = (&'a String, &'a Value)>) -> Vec<(String, String)> {
    let mut room = MOST;
    let shown = params.filter_map(|(activity, schema)| {
        let text = serde_json::to_string_pretty(schema).unwrap_or_default();
        room = room.checked_sub(activity.len() + text.len())?;
        Some((activity.clone(), text))
    });
    shown.collect()
}

impl QueueRow {
    fn new(queue: NamedQueue, project: &str) -> Self {
        let link = link::with_query(INTENTS, &[("project", project), ("queue", queue.name.as_str())]);
        let row = |chip, note, pollers| Self {
            chip,
            name: queue.name.clone(),
            note,
            pollers,
            intents: queue.intents,
            link: queue.of_workflows.then(|| link.clone()),
        };
        match queue.pollers {
            Ok(found) => {
                let needed = if queue.of_workflows { found.workflow } else { found.activity };
                let pollers =
                    vec![("Workflows", found.workflow.into()), ("Activities", found.activity.into())];
                match needed.number {
                    0 => {
                        let kind = if queue.of_workflows { "workflows" } else { "activities" };
                        let note = format!("Nobody works on its {kind}: start a worker that polls it");
                        row(Chip::new(Tone::Bad, "No worker"), note, pollers)
                    }
                    _ => row(Chip::new(Tone::Good, "Has workers"), String::new(), pollers),
                }
            }
            Err(error) => {
                row(Chip::new(Tone::Doubtful, "Not known"), workflow_api::chain(&error), Vec::new())
            }
        }
    }
}

impl From<Pollers> for Polled {
    fn from(Pollers { number, last }: Pollers) -> Self {
        Self { number, last: last.map(Moment) }
    }
}
