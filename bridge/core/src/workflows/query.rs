//! Queries a workflow.

use std::time::Duration;

use workflow_api::{MessageKind, QueryAnswer, RawJson};

use super::declared::Content;
use super::{Addressee, WorkflowError, Workflows};
use crate::access::{Action, Resource};
use crate::ports::Query;
use crate::request::Request;

/// A query from a caller.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueryOrder {
    /// Its type.
    pub query_type: String,
    /// Its arguments, in order.
    pub args: Vec<RawJson>,
    /// The timeout; `None` for the engine's.
    pub bound: Option<Duration>,
    /// Whether it is sent without a check by the workflow client.
    pub unchecked: bool,
}

impl Workflows {
    /// Queries the workflow.
    ///
    /// # Errors
    /// Returns an error if the intent, the workflow or the run does not exist, if the query is not as the
    /// workflow client declares it, if it has no result, or if the engine cannot be asked.
    pub async fn query(
        &self,
        request: &Request,
        to: &Addressee,
        order: QueryOrder,
    ) -> Result<QueryAnswer, WorkflowError> {
        self.parts.access.authorize(request, Action::Query, Resource::Intent(&to.intent)).await?;
        let QueryOrder { query_type, args, bound, unchecked } = order;
        let content = Content { kind: MessageKind::Query, name: &query_type, args: &args, unchecked };
        let run = self.run_for(request, Action::Query, to, content).await?;
        let bound = bound.map(|bound| bound.min(self.parts.limits.max_wait));
        let query = Query { query_type, args, reject: None, bound };
        let result = self.parts.engine.query(&run, &query).await?;
        Ok(QueryAnswer { workflow_id: run.workflow_id, result })
    }
}
