//! The workflow clients and task queues that intents name, and whether they are there.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join, join_all};
use workflow_api::{Catalogue, CatalogueEntry, ClientEndpoint, TaskQueue, WorkflowIntentSpec};

use super::search::{BATCH, MOST};
use super::{Intents, IntentsError};
use crate::access::{Action, client_named};
use crate::ports::{ClientError, EngineError, FoundIntent, QueuePollers};
use crate::request::Request;

/// How many clients and how many task queues a page has at most. All of them are asked at the same time.
const PAGE: usize = 50;

/// Which clients and task queues to return.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedSearch {
    /// The project; `None` for all.
    pub project: Option<String>,
    /// The client after which the page begins; empty for the first page.
    pub client: String,
    /// The task queue after which the page begins; empty for the first page.
    pub queue: String,
}

/// A page of clients and one of task queues, each in the order of their names.
#[derive(Debug, Default)]
pub struct NamedPage {
    /// The clients.
    pub clients: Vec<NamedClient>,
    /// The last client on this page, if there are more.
    pub next_client: Option<String>,
    /// The task queues.
    pub queues: Vec<NamedQueue>,
    /// The last task queue on this page, if there are more.
    pub next_queue: Option<String>,
    /// Whether there are more intents than were looked at.
    pub is_cut: bool,
}

/// A workflow client that intents name.
#[derive(Debug)]
pub struct NamedClient {
    /// Its name: `host:port/name`.
    pub name: String,
    /// The name that its server knows.
    pub short_name: String,
    /// How many intents name it.
    pub intents: u64,
    /// What its server answers now.
    pub offer: Offer,
}

/// What a server of workflow clients answers about one of them.
#[derive(Debug)]
pub enum Offer {
    /// It has the client.
    Here(Box<CatalogueEntry>),
    /// It has others only: these.
    Others(Vec<String>),
    /// It has no catalogue, like those written for EMCO.
    NoCatalogue,
    /// Not known, with the reason: it has not answered, or must not be asked.
    Unknown(String),
}

/// A task queue that intents name.
#[derive(Debug)]
pub struct NamedQueue {
    /// Its name.
    pub name: String,
    /// How many intents name it.
    pub intents: u64,
    /// Whether it is named for workflows, and not for activities only.
    pub of_workflows: bool,
    /// The workers that poll it now in the configured engine.
    pub pollers: Result<QueuePollers, EngineError>,
}

/// What intents name, before anybody is asked.
#[derive(Debug, Default)]
struct Names {
    clients: BTreeMap<String, ClientUse>,
    queues: BTreeMap<String, QueueUse>,
    is_cut: bool,
}

#[derive(Debug)]
struct ClientUse {
    endpoint: ClientEndpoint,
    short_name: String,
    intents: u64,
}

#[derive(Debug, Default)]
struct QueueUse {
    of_workflows: bool,
    intents: u64,
}

impl Intents {
    /// Returns the workflow clients and task queues of those intents that the caller may get, as they are now.
    /// A page has at most 50 of each; each server of clients is asked once for its catalogue, and the engine
    /// once for each task queue, all at the same time. About 5,000 intents are looked at.
    ///
    /// # Errors
    /// Returns an error if the caller may do this nowhere, or if the database fails. What does not answer is no
    /// error.
    pub async fn named(&self, request: &Request, search: &NamedSearch) -> Result<NamedPage, IntentsError> {
        self.parts.access.authorize_somewhere(request, Action::ListClients).await?;
        let mut names = self.names(request, search.project.as_deref()).await?;
        let next_client = keep_page(&mut names.clients, &search.client);
        let next_queue = keep_page(&mut names.queues, &search.queue);
        let (clients, queues) = join(self.ask_clients(names.clients), self.ask_queues(names.queues)).await;
        Ok(NamedPage { clients, next_client, queues, next_queue, is_cut: names.is_cut })
    }

    async fn names(&self, request: &Request, project: Option<&str>) -> Result<Names, IntentsError> {
        let mut names = Names::default();
        let (mut after, mut examined) = (None, 0);
        loop {
            let batch = self.parts.store.search_intents(project, "", after.as_ref(), BATCH).await?;
            let more = batch.len() == BATCH as usize;
            examined += batch.len();
            after = batch.last().map(|last| last.key.clone());
            for FoundIntent { kept, .. } in self.shown_anywhere(request, batch) {
                names.add(&kept.intent.spec);
            }
            names.is_cut = more && examined >= MOST;
            if !more || names.is_cut {
                return Ok(names);
            }
        }
    }

    async fn ask_clients(&self, clients: BTreeMap<String, ClientUse>) -> Vec<NamedClient> {
        let server = |name: &str, client: &ClientUse| name[..name.len() - client.short_name.len()].to_owned();
        let servers: BTreeMap<_, _> =
            clients.iter().map(|(name, client)| (server(name, client), &client.endpoint)).collect();
        let asked = servers.into_iter().map(async |(server, endpoint)| {
            (server, self.parts.clients.catalogue(endpoint, self.patience()).await)
        });
        let answers: BTreeMap<_, _> = join_all(asked).await.into_iter().collect();
        let client = |(name, client): (String, ClientUse)| {
            let offer = Offer::of(&answers[&server(&name, &client)], &client.short_name);
            NamedClient { name, short_name: client.short_name, intents: client.intents, offer }
        };
        clients.into_iter().map(client).collect()
    }

    async fn ask_queues(&self, queues: BTreeMap<String, QueueUse>) -> Vec<NamedQueue> {
        let home = self.parts.targets.home();
        let looks = queues.into_iter().map(async |(name, QueueUse { of_workflows, intents })| {
            let pollers = self.parts.engine.pollers(&home, &TaskQueue::from(name.as_str())).await;
            NamedQueue { name, intents, of_workflows, pollers }
        });
        join_all(looks).await
    }
}

impl Names {
    fn add(&mut self, spec: &WorkflowIntentSpec) {
        let temporal = &spec.temporal;
        let client = self.clients.entry(client_named(spec)).or_insert_with(|| ClientUse {
            endpoint: spec.workflow_client.clone(),
            short_name: temporal.workflow_client_name.clone(),
            intents: 0,
        });
        client.intents += 1;
        let of_workflow = &temporal.workflow_start_options.task_queue;
        let of_activities =
            temporal.workflow_params.activity_options.values().map(|options| &options.task_queue);
        let queues: BTreeSet<_> =
            of_activities.chain([of_workflow]).filter(|queue| !queue.is_empty()).collect();
        for queue in queues {
            let queue_use = self.queues.entry(queue.to_string()).or_default();
            queue_use.intents += 1;
            queue_use.of_workflows |= queue == of_workflow;
        }
    }
}

impl Offer {
    fn of(answer: &Result<Option<Catalogue>, ClientError>, name: &str) -> Self {
        match answer {
            Ok(Some(catalogue)) => match catalogue.get(name) {
                Some(entry) => Self::Here(Box::new(entry.clone())),
                None => Self::Others(catalogue.clients.iter().map(|client| client.name.clone()).collect()),
            },
            Ok(None) => Self::NoCatalogue,
            Err(error) => Self::Unknown(workflow_api::chain(error)),
        }
    }
}

/// Keeps the page after this name, and returns the last name on it if there are more.
fn keep_page<T>(all: &mut BTreeMap<String, T>, after: &str) -> Option<String> {
    let mut page = match after {
        "" => std::mem::take(all),
        _ => all.split_off(after),
    };
    page.remove(after);
    let rest = page.keys().nth(PAGE).cloned().map(|first| page.split_off(&first));
    *all = page;
    rest.and_then(|_| all.keys().next_back().cloned())
}
