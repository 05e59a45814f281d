//! What `#[workflow_client]` and `clients!` write into an author's crate. Not part of the interface; may change at any time.

use temporalio_common::protos::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;
use workflow_api::Fault;
use workflow_api::params::{ParamsSchema, each_once};

pub use crate::client::Listed;
pub use crate::context::{Answering, Declares, Schemas, WorkflowClient};
pub use crate::params::{Argument, Call, OfActivity};
use crate::{ClientError, Refusal, StartContext, WorkflowStart};

/// Fails to compile if two clients of one list have one name.
pub const fn assert_distinct(names: &[&str]) {
    let mut first = 0;
    while first < names.len() {
        let mut second = first + 1;
        while second < names.len() {
            assert!(
                !same(names[first].as_bytes(), names[second].as_bytes()),
                "two workflow clients in this list have the same name: give one of them another `name = \"…\"`"
            );
            second += 1;
        }
        first += 1;
    }
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Gives the future the one type that all workflow clients have.
pub fn answering(
    answer: impl Future<Output = Result<WorkflowStart, ClientError>> + Send + 'static,
) -> Answering {
    Box::pin(answer)
}

/// The schemas of all arguments, of which not all have one.
pub fn schemas<const N: usize>(arguments: [(&'static str, Option<&'static ParamsSchema>); N]) -> Schemas {
    arguments.into_iter().filter_map(|(activity, schema)| Some((activity, schema?))).collect()
}

/// The call of the client `C`.
pub fn call<C: WorkflowClient>(context: StartContext) -> Call {
    Call { context, schemas: C::schemas().into_iter().map(|(_, schema)| schema).collect() }
}

/// The answer where arguments are wrong: all that is wrong with them, each once.
///
/// # Errors
/// Always.
pub fn refuse<const N: usize>(faults: [Option<Vec<Fault>>; N]) -> Result<WorkflowStart, ClientError> {
    Err(ClientError::invalid_params(each_once(faults.into_iter().flatten().flatten())))
}

/// The answer of a workflow client.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer of a workflow client",
    note = "a workflow client answers `WorkflowStart`, or `Result<WorkflowStart, E>` with an error that becomes a `ClientError`"
)]
pub trait Answer {
    /// The one form of all answers.
    ///
    /// # Errors
    /// The author's.
    fn into_result(self) -> Result<WorkflowStart, ClientError>;
}

impl Answer for WorkflowStart {
    fn into_result(self) -> Result<WorkflowStart, ClientError> {
        Ok(self)
    }
}

impl<E: Into<ClientError>> Answer for Result<WorkflowStart, E> {
    fn into_result(self) -> Result<WorkflowStart, ClientError> {
        self.map_err(Into::into)
    }
}

/// What a function answered, to be asked whether its error is a [`Refusal`]. The compiler takes the first of the two traits
/// below whose method fits, and [`Told`] fits with one reference less.
#[derive(Debug)]
pub struct Outcome<'a, A>(pub &'a A);

/// The answer of an author whose error says its own status.
pub trait Told {
    /// The author's error, as a [`ClientError`] should tell it.
    fn told(&self) -> Option<ClientError>;
}

impl<E: Refusal> Told for Outcome<'_, Result<WorkflowStart, E>> {
    fn told(&self) -> Option<ClientError> {
        self.0.as_ref().err().map(ClientError::telling)
    }
}

/// Any other answer.
pub trait Untold {
    /// Nothing.
    fn told(&self) -> Option<ClientError>;
}

impl<A> Untold for &Outcome<'_, A> {
    fn told(&self) -> Option<ClientError> {
        None
    }
}

/// The answer of a call. `told` is what the caller learns of an error that says so.
///
/// # Errors
/// The author's.
pub fn answer<A: Answer>(answer: A, told: Option<ClientError>) -> Result<WorkflowStart, ClientError> {
    answer.into_result().map_err(|error| error.told_as(told))
}

/// The call to Temporal that starts what `start` says: measured by the benchmark.
#[must_use]
pub fn start_call(start: WorkflowStart) -> StartWorkflowExecutionRequest {
    crate::temporal::start_call(start)
}
