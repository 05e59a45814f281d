//! Asks a workflow client whether it accepts an intent. The client's catalogue is checked; nothing is
//! started.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use heavy::apart;
use workflow_api::{Catalogue, CatalogueEntry, ClientStanding, Fault, WorkflowIntent, cut};

use super::Intents;
use super::list::LOOKS;
use crate::access::{Action, Resource};
use crate::lookup::IntentError;
use crate::model::IntentKey;
use crate::ports::{ClientError, Clients};
use crate::request::Request;

/// Timeout for a check that a caller requests while the check of changes is turned off.
const ON_PURPOSE: Duration = Duration::from_secs(2);

/// The response of a workflow client to the request for its catalogue.
type CatalogueAnswer = Result<Option<Catalogue>, ClientError>;

/// The result of a check by the workflow client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCheck {
    /// The client accepts it.
    Accepted,
    /// The client would reject it: the intent does not, or does not any more, fit the client's parameters.
    /// Paths are the intent's.
    Drifted(Vec<Fault>),
    /// Not known, with the reason: the client is away, has no catalogue, like the clients written for EMCO, or its
    /// schema is none.
    Unknown(String),
}

/// The answer of a workflow client to a check on request.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientAnswer {
    /// The result.
    pub check: ClientCheck,
    /// What the client's catalogue has of it: what can be set in an intent, and sent to its workflow. `None` if the
    /// client is not there, or its schemas cannot be used.
    pub client: Option<CatalogueEntry>,
}

impl ClientAnswer {
    fn by(catalogue: &CatalogueAnswer, intent: &WorkflowIntent) -> Self {
        let name = &intent.spec.temporal.workflow_client_name;
        let listed = catalogue.as_ref().ok().and_then(|catalogue| catalogue.as_ref()?.get(name));
        let check = ClientCheck::by(catalogue, intent);
        let is_usable = |client: &&CatalogueEntry| {
            check.standing() != ClientStanding::Unknown && client.messages_usable().is_ok()
        };
        let client = listed.filter(is_usable).cloned();
        Self { check, client }
    }
}

impl ClientCheck {
    /// Asks the workflow client of `intent` to validate it.
    pub async fn ask(clients: &dyn Clients, intent: &Arc<WorkflowIntent>, within: Duration) -> Self {
        let catalogue = clients.catalogue(&intent.spec.workflow_client, within).await;
        let intent = Arc::clone(intent);
        apart(move || Self::by(&catalogue, &intent)).await
    }

    /// Validates `intent` by what its client responded.
    fn by(catalogue: &CatalogueAnswer, intent: &WorkflowIntent) -> Self {
        match catalogue {
            Ok(Some(catalogue)) => Self::of(catalogue, intent),
            Ok(None) => Self::Unknown("the workflow client has no catalogue (`GET /invoke`)".to_owned()),
            Err(error) => Self::Unknown(workflow_api::chain(error)),
        }
    }

    fn of(catalogue: &Catalogue, intent: &WorkflowIntent) -> Self {
        let temporal = &intent.spec.temporal;
        let faults = match catalogue.get(&temporal.workflow_client_name) {
            Some(client) => match client.check(temporal) {
                Ok(faults) => faults.into_iter().map(|fault| fault.below("$.spec.temporal")).collect(),
                Err(unusable) => return Self::Unknown(unusable.to_string()),
            },
            None => {
                let known: Vec<_> = catalogue.clients.iter().map(|client| client.name.as_str()).collect();
                let message = format!(
                    "there is no workflow client `{}` at this endpoint; write one of `{}`",
                    cut(&temporal.workflow_client_name),
                    known.join("`, `")
                );
                vec![Fault::new("$.spec.temporal.workflowClientName", message)]
            }
        };
        if faults.is_empty() { Self::Accepted } else { Self::Drifted(faults) }
    }

    /// Returns the result without its details.
    #[must_use]
    pub fn standing(&self) -> ClientStanding {
        match self {
            Self::Accepted => ClientStanding::Accepted,
            Self::Drifted(_) => ClientStanding::Drifted,
            Self::Unknown(_) => ClientStanding::Unknown,
        }
    }
}

impl Intents {
    /// Asks the workflow client of an intent to validate it: a draft, which need not be kept, or its current form.
    ///
    /// # Errors
    /// Returns an error if the intent does not exist, if the caller may not name what the draft names, or if the
    /// database fails.
    pub async fn check(
        &self,
        request: &Request,
        key: &IntentKey,
        draft: Option<Arc<WorkflowIntent>>,
    ) -> Result<ClientAnswer, IntentError> {
        self.parts.access.authorize(request, Action::CheckIntent, Resource::Intent(key)).await?;
        let intent = match draft {
            Some(draft) => {
                self.parts.access.may_write(request, Action::CheckIntent, key, &draft.spec).await?;
                draft
            }
            None => self.lookup.intent(key).await?,
        };
        Ok(self.answer(intent).await)
    }

    async fn answer(&self, intent: Arc<WorkflowIntent>) -> ClientAnswer {
        let catalogue = self.parts.clients.catalogue(&intent.spec.workflow_client, self.patience()).await;
        apart(move || ClientAnswer::by(&catalogue, &intent)).await
    }

    async fn ask_client(&self, intent: &Arc<WorkflowIntent>) -> ClientCheck {
        ClientCheck::ask(&*self.parts.clients, intent, self.patience()).await
    }

    /// Returns the timeout for a check that a caller requests.
    pub(super) fn patience(&self) -> Duration {
        let bound = self.parts.limits.client_check;
        if bound.is_zero() { ON_PURPOSE } else { bound }
    }

    /// Returns those of `intents` of which the check has this result. Each endpoint is asked once.
    pub(super) async fn standing<T: Send + 'static>(
        &self,
        intents: Vec<(Arc<WorkflowIntent>, T)>,
        wanted: ClientStanding,
    ) -> Vec<T> {
        let endpoint = |intent: &WorkflowIntent| {
            let client = &intent.spec.workflow_client;
            (client.client_endpoint_name.clone(), client.client_endpoint_port)
        };
        let endpoints: BTreeMap<_, _> = intents
            .iter()
            .map(|(intent, _)| (endpoint(intent), intent.spec.workflow_client.clone()))
            .collect();
        let answers: BTreeMap<_, _> = stream::iter(endpoints)
            .map(async |(key, client)| (key, self.parts.clients.catalogue(&client, self.patience()).await))
            .buffered(LOOKS)
            .collect()
            .await;
        let holds = move |(intent, item): (Arc<WorkflowIntent>, T)| {
            let check = ClientCheck::by(&answers[&endpoint(&intent)], &intent);
            (check.standing() == wanted).then_some(item)
        };
        apart(move || intents.into_iter().filter_map(holds).collect()).await
    }

    /// Returns the faults that the client finds in an intent before it is stored; none if the client cannot
    /// be asked.
    pub(super) async fn client_faults(&self, intent: &Arc<WorkflowIntent>) -> Vec<Fault> {
        match self.ask_client(intent).await {
            ClientCheck::Accepted => Vec::new(),
            ClientCheck::Drifted(faults) => faults,
            ClientCheck::Unknown(reason) => {
                tracing::debug!(reason, "the intent is stored without a check by its workflow client");
                Vec::new()
            }
        }
    }
}
