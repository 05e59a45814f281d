//! Asking a workflow that belongs to an intent.

use std::time::Duration;

use workflow_api::{QueryAnswer, QueryRequest};

use super::request::{Addressee, read_request, required};
use super::{App, FieldValidation, Lenient, RequestError};
use crate::temporal::{Query, QueryError};

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// It cannot be told what is wanted.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The query has no answer.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl App {
    /// Puts the query that `body` names to the workflow, which has `bound` to answer, where one is given.
    ///
    /// # Errors
    /// When intent, workflow or run do not exist, the query has no answer, or Temporal cannot be asked.
    pub async fn query(
        &self,
        to: &Addressee,
        body: &[u8],
        fields: FieldValidation,
        bound: Option<Duration>,
    ) -> Result<Lenient<QueryAnswer>, AskError> {
        let body = read_request::<QueryRequest>(body, fields)?;
        let spec = body.value.spec;
        required("$.spec.type", &spec.query_type)?;
        let run = self.run_of(to, spec.run).await?;
        let query = Query {
            query_type: spec.query_type,
            args: spec.args,
            reject: None,
            bound: bound.map(|bound| bound.min(self.limits.max_wait)),
        };
        let result = self.engine.query(&run, &query).await?;
        Ok(Lenient { value: QueryAnswer { workflow_id: run.workflow_id, result }, unknown: body.unknown })
    }
}
