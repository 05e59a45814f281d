//! Sends a signal to a workflow.

use uuid::Uuid;
use workflow_api::{MessageKind, RawJson, WorkflowStatus};

use super::declared::Content;
use super::{Addressee, WorkflowError, Workflows};
use crate::access::{Action, Resource};
use crate::ports::Signal;
use crate::request::Request;

/// A signal from a caller.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SignalOrder {
    /// Its name.
    pub name: String,
    /// Its arguments, in order.
    pub args: Vec<RawJson>,
    /// The caller's key: signals with one key are one signal.
    pub key: Option<String>,
    /// Whether the caller wants the state of the workflow after the signal.
    pub report: bool,
    /// Whether it is sent without a check by the workflow client.
    pub unchecked: bool,
}

impl Workflows {
    /// Sends a signal. Returns the state of the workflow after it, if requested.
    ///
    /// # Errors
    /// Returns an error if the intent, the workflow or the run does not exist, if the signal is not as the
    /// workflow client declares it, if the run has closed, or if the engine cannot be asked.
    pub async fn signal(
        &self,
        request: &Request,
        to: &Addressee,
        order: SignalOrder,
    ) -> Result<Option<WorkflowStatus>, WorkflowError> {
        let mut permit =
            self.parts.access.authorize(request, Action::Signal, Resource::Intent(&to.intent)).await?;
        let SignalOrder { name, args, unchecked, .. } = &order;
        let content = Content { kind: MessageKind::Signal, name, args, unchecked: *unchecked };
        let run = self.run_for(request, Action::Signal, to, content).await?;
        if let Some(key) = &order.key {
            permit.keyed(key);
        }
        let signal = Signal {
            name: order.name,
            args: order.args,
            request_id: order.key.unwrap_or_else(|| Uuid::new_v4().to_string()),
            identity: request.actor.via(&self.parts.identity),
        };
        let sent = permit.outward(&run, self.parts.engine.signal(&run, &signal)).await?;
        self.accepted(&run, sent).await?;
        if order.report { Ok(Some(self.brief_status(&run).await?)) } else { Ok(None) }
    }
}
