//! Queries a workflow.

use std::time::Duration;

use workflow_api::{QueryAnswer, RawJson};

use super::{Addressee, WorkflowError, Workflows};
use crate::access::{Action, Resource};
use crate::ports::Query;
use crate::request::Request;

impl Workflows {
    /// Queries the workflow, with `bound` as the timeout, if given.
    ///
    /// # Errors
    /// Returns an error if the intent, the workflow or the run does not exist, if the query has no result, or
    /// if the engine cannot be asked.
    pub async fn query(
        &self,
        request: &Request,
        to: &Addressee,
        query_type: String,
        args: Vec<RawJson>,
        bound: Option<Duration>,
    ) -> Result<QueryAnswer, WorkflowError> {
        self.parts.access.authorize(request, Action::Query, Resource::Intent(&to.intent)).await?;
        let run = self.run_of(to).await?;
        let bound = bound.map(|bound| bound.min(self.parts.limits.max_wait));
        let query = Query { query_type, args, reject: None, bound };
        let result = self.parts.engine.query(&run, &query).await?;
        Ok(QueryAnswer { workflow_id: run.workflow_id, result })
    }
}
