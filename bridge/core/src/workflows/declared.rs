//! Checks what is sent to a workflow by the catalogue of the intent's workflow client, where the client declares it.

use std::time::Duration;

use heavy::apart;
use workflow_api::{CatalogueEntry, MessageKind, RawJson};

use super::{Addressee, WorkflowError, Workflows};
use crate::access::Action;
use crate::model::{IntentKey, WorkflowRun};
use crate::request::Request;

/// How long the check waits for the client's catalogue. A stop signal must not wait long for a client that is away.
const PATIENCE: Duration = Duration::from_secs(1);

/// A message to a workflow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content<'a> {
    pub(super) kind: MessageKind,
    pub(super) name: &'a str,
    pub(super) args: &'a [RawJson],
    /// Whether it is sent without a check.
    pub(super) unchecked: bool,
}

impl Workflows {
    /// Returns the run that a message is about, after a check of the message. A client that is away, slow, or
    /// declares nothing refuses nothing.
    pub(super) async fn run_for(
        &self,
        request: &Request,
        action: Action,
        to: &Addressee,
        content: Content<'_>,
    ) -> Result<WorkflowRun, WorkflowError> {
        let run = self.run_of(request, action, to);
        let (run, client) = tokio::join!(run, self.client_of(&to.intent, content.unchecked));
        let run = run?;
        if let Some(client) = client {
            self.check(&run, client, content).await?;
        }
        Ok(run)
    }

    /// Returns the names of the messages of a kind that the workflow client of an intent declares; none if the
    /// client is away, slow, or declares nothing.
    pub(super) async fn declared(&self, intent: &IntentKey, kind: Option<MessageKind>) -> Vec<String> {
        let Some(kind) = kind else { return Vec::new() };
        let client = self.client_of(intent, false).await;
        let names = client.and_then(|client| Some(client.messages(kind)?.keys().cloned().collect()));
        names.unwrap_or_default()
    }

    /// Returns the catalogue entry of the intent's client, if the client responds in time.
    async fn client_of(&self, intent: &IntentKey, unchecked: bool) -> Option<CatalogueEntry> {
        let within = self.parts.limits.client_check.min(PATIENCE);
        if unchecked || within.is_zero() {
            return None;
        }
        let intent = self.lookup.intent(intent).await.ok()?;
        let spec = &intent.spec;
        let asked = self.parts.clients.catalogue(&spec.workflow_client, within).await;
        let catalogue = asked.unwrap_or_else(|error| {
            let reason = workflow_api::chain(&error);
            tracing::debug!(reason, "a message to a workflow is sent without a check by the workflow client");
            None
        });
        catalogue?.get(&spec.temporal.workflow_client_name).cloned()
    }

    async fn check(
        &self,
        run: &WorkflowRun,
        client: CatalogueEntry,
        content: Content<'_>,
    ) -> Result<(), WorkflowError> {
        let Content { kind, .. } = content;
        let declared = client.workflow_type.clone();
        let (name, args) = (content.name.to_owned(), content.args.to_vec());
        let checked = apart(move || client.check_message(kind, &name, &args)).await;
        let faults: Vec<_> = match checked {
            Ok(faults) => faults.into_iter().map(|fault| fault.below("$.spec")).collect(),
            Err(unusable) => {
                tracing::debug!(reason = %unusable, "a message to a workflow is sent without a check");
                return Ok(());
            }
        };
        // The run may be of another workflow: one that the request names, or one of an earlier form of the intent.
        if faults.is_empty() || !self.is_of_type(run, declared.as_str()).await {
            return Ok(());
        }
        Err(WorkflowError::Unfit { kind, name: content.name.to_owned(), faults })
    }

    async fn is_of_type(&self, run: &WorkflowRun, workflow_type: &str) -> bool {
        let outline = self.parts.engine.outline(run).await;
        outline.is_ok_and(|outline| outline.workflow_type.as_str() == workflow_type)
    }
}
