//! Use cases about the workflows that were started from intents.

mod declared;
mod ending;
mod error;
mod follow;
mod method;
mod pause;
mod query;
mod reset;
mod signal;
mod status;
mod stop;
mod update;

use workflow_api::{RunReference, WorkflowId, WorkflowStatus};

use crate::access::{Action, Named};
use crate::chain::last_run;
use crate::lookup::Lookup;
use crate::model::{IntentKey, WorkflowRun};
use crate::parts::Parts;
use crate::ports::{CommandError, EngineError};
use crate::request::Request;
pub use error::WorkflowError;
pub use follow::{FollowRequest, Followed, Position};
pub use method::{StatusMethod, StatusMethodError};
pub use pause::Pause;
pub use query::QueryOrder;
pub use signal::SignalOrder;
pub use status::{MorePages, StatusReport, StatusRequest};
pub use stop::Stop;
pub use update::UpdateOrder;

/// Use cases about workflows.
#[derive(Debug, Clone)]
pub struct Workflows {
    parts: Parts,
    lookup: Lookup,
}

/// The subject of a call: the workflow of an intent, or another run that is named.
#[derive(Debug, Clone, PartialEq)]
pub struct Addressee {
    /// The intent.
    pub intent: IntentKey,
    /// The run in the request. An empty part means the intent's, or the configured one.
    pub run: RunReference,
}

impl Workflows {
    pub(crate) fn new(parts: Parts) -> Self {
        let lookup = Lookup::new(parts.store.clone());
        Self { parts, lookup }
    }

    /// Returns the run that a call is about: the one that it names, else the latest of the intent's workflow. What
    /// it names beyond the intent, the caller must be permitted to name.
    async fn run_of(
        &self,
        request: &Request,
        action: Action,
        to: &Addressee,
    ) -> Result<WorkflowRun, WorkflowError> {
        let Addressee { intent, run: named } = to;
        let workflow_id = self.lookup.workflow_of(intent, named.workflow_id.clone()).await?;
        let target = self.parts.targets.resolve(&named.temporal_server, &named.namespace)?;
        let home = self.parts.targets.home();
        let elsewhere = Named {
            server: Some(target.server.as_str()).filter(|server| *server != home.server),
            namespace: Some(target.namespace.as_str()).filter(|name| *name != home.namespace.as_str()),
            ..Named::default()
        };
        if elsewhere != Named::default() {
            self.parts.access.may_name(request, action, intent, &elsewhere).await?;
        }
        if !named.workflow_id.is_empty() {
            self.check_workflow(request, action, intent, &workflow_id).await?;
        }
        Ok(WorkflowRun { target, workflow_id, run_id: named.run_id.clone() })
    }

    /// Checks that the caller may name this workflow. Those of the intent's own starts everybody may name who may do
    /// the action.
    async fn check_workflow(
        &self,
        request: &Request,
        action: Action,
        intent: &IntentKey,
        workflow_id: &WorkflowId,
    ) -> Result<(), WorkflowError> {
        let access = &self.parts.access;
        let other = Named { other_workflow: Some(workflow_id.as_str()), ..Named::default() };
        if access.would_allow_name(request, action, intent, &other).is_err()
            && !self.lookup.has_started(intent, workflow_id).await?
        {
            access.may_name(request, action, intent, &other).await?;
        }
        Ok(())
    }

    /// Returns the result of a command. If the run has ended but another one continues its work, the error
    /// names that one.
    async fn accepted<T>(
        &self,
        run: &WorkflowRun,
        answer: Result<T, CommandError>,
    ) -> Result<T, WorkflowError> {
        let error = match answer {
            Ok(accepted) => return Ok(accepted),
            Err(error) => error,
        };
        if let CommandError::AlreadyClosed { workflow_id, run_id, state } = &error
            && let Ok(Some(last)) =
                last_run(&self.parts, &WorkflowRun { run_id: run_id.clone(), ..run.clone() }).await
            && last.run_id != *run_id
            && !last.state.is_closed()
        {
            return Err(WorkflowError::Continued {
                workflow_id: workflow_id.clone(),
                run_id: run_id.clone(),
                state: *state,
                current: last.run_id,
            });
        }
        Err(error.into())
    }

    /// Returns the state of a run as a status.
    async fn brief_status(&self, run: &WorkflowRun) -> Result<WorkflowStatus, EngineError> {
        let seen = self.parts.engine.outline(run).await?;
        Ok(WorkflowStatus {
            workflow_id: run.workflow_id.clone(),
            run_id: seen.run_id,
            workflow_state: Some(seen.state),
            ..WorkflowStatus::default()
        })
    }
}
