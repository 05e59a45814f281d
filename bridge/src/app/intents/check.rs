//! Whether a workflow client takes what an intent tells it: read from the client's own catalogue, before anything is started.

use std::time::Duration;

use workflow_api::{Catalogue, ClientStanding, Fault, WorkflowIntent};

use crate::app::{App, IntentError};
use crate::intent::IntentKey;
use crate::invoke::Invoke;

/// How long a client may take where it is asked on purpose, though it is not on every change.
const ON_PURPOSE: Duration = Duration::from_secs(2);

/// What the workflow client of an intent says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCheck {
    /// It would take it.
    Accepted,
    /// It would refuse it: the intent is not, or no longer, what the client reads. Paths are the intent's.
    Drifted(Vec<Fault>),
    /// Nobody can say: the client is away, has no catalogue, as those written for EMCO, or a schema that is none. The text says
    /// which.
    Unknown(String),
}

impl ClientCheck {
    /// Asks the workflow client of `intent`.
    pub async fn ask(invoke: &dyn Invoke, intent: &WorkflowIntent, within: Duration) -> Self {
        match invoke.catalogue(&intent.spec.workflow_client, within).await {
            Ok(Some(catalogue)) => Self::of(&catalogue, intent),
            Ok(None) => Self::Unknown("the workflow client has no catalogue (`GET /invoke`)".to_owned()),
            Err(error) => Self::Unknown(service::chain(&error)),
        }
    }

    fn of(catalogue: &Catalogue, intent: &WorkflowIntent) -> Self {
        let temporal = &intent.spec.temporal;
        let faults = match catalogue.get(&temporal.workflow_client_name) {
            Some(client) => {
                let at = |fault: Fault| {
                    let below = fault.path.strip_prefix('$').unwrap_or(&fault.path);
                    Fault::new(format!("$.spec.temporal.workflowParams{below}"), fault.message)
                };
                match client.check(&temporal.workflow_params) {
                    Ok(faults) => faults.into_iter().map(at).collect(),
                    Err(unusable) => return Self::Unknown(unusable.to_string()),
                }
            }
            None => {
                let known: Vec<_> = catalogue.clients.iter().map(|client| client.name.as_str()).collect();
                let message = format!(
                    "there is no workflow client `{}` at this endpoint; write one of `{}`",
                    temporal.workflow_client_name,
                    known.join("`, `")
                );
                vec![Fault::new("$.spec.temporal.workflowClientName", message)]
            }
        };
        if faults.is_empty() { Self::Accepted } else { Self::Drifted(faults) }
    }

    /// Its outcome.
    #[must_use]
    pub fn standing(&self) -> ClientStanding {
        match self {
            Self::Accepted => ClientStanding::Accepted,
            Self::Drifted(_) => ClientStanding::Drifted,
            Self::Unknown(_) => ClientStanding::Unknown,
        }
    }
}

impl App {
    /// Asks the workflow client of an intent whether it would take it as it is.
    ///
    /// # Errors
    /// When there is no such intent, or the database fails.
    pub async fn check_intent(&self, key: &IntentKey) -> Result<ClientCheck, IntentError> {
        let intent = self.existing(key).await?;
        Ok(self.ask_client(&intent).await)
    }

    pub(super) async fn ask_client(&self, intent: &WorkflowIntent) -> ClientCheck {
        let within = if self.limits.client_check.is_zero() { ON_PURPOSE } else { self.limits.client_check };
        ClientCheck::ask(&*self.invoke, intent, within).await
    }

    /// What the client of an intent that is to be kept finds wrong with it; nothing where it cannot be asked.
    pub(super) async fn client_faults(&self, intent: &WorkflowIntent) -> Vec<Fault> {
        match self.ask_client(intent).await {
            ClientCheck::Accepted => Vec::new(),
            ClientCheck::Drifted(faults) => faults,
            ClientCheck::Unknown(reason) => {
                tracing::debug!(reason, "the intent is kept without its workflow client's word");
                Vec::new()
            }
        }
    }
}
