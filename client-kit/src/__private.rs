//! What `#[workflow_client]` and `clients!` write into an author's crate. Not part of the interface; may change at any time.

use std::any::type_name;
use std::pin::Pin;

use workflow_api::TemporalSpec;

use crate::{Client, ClientError, StartContext, WorkflowStart};

/// What a workflow client answers, in the end.
pub type Answering = Pin<Box<dyn Future<Output = Result<WorkflowStart, ClientError>> + Send>>;

/// A function annotated with `#[workflow_client]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no workflow client",
    note = "`clients![…]` lists functions annotated with `#[workflow_client]`"
)]
pub trait WorkflowClient {
    /// The last segment of its path.
    const NAME: &'static str;

    /// Calls it.
    fn invoke(context: StartContext) -> Answering;

    /// What `clients!` makes of it.
    fn client() -> Client {
        Client { name: Self::NAME, function: type_name::<Self>(), invoke: Self::invoke }
    }
}

/// Gives the future the one type that all workflow clients have.
pub fn answering(
    answer: impl Future<Output = Result<WorkflowStart, ClientError>> + Send + 'static,
) -> Answering {
    Box::pin(answer)
}

/// An argument of a workflow client.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no argument of a workflow client",
    label = "not known here",
    note = "a workflow client takes the decoded spec (`TemporalSpec`), the start context (`StartContext`) or both, by value"
)]
pub trait Argument: Sized {
    /// Takes it out of the context.
    fn from_context(context: &StartContext) -> Self;
}

impl Argument for TemporalSpec {
    fn from_context(context: &StartContext) -> Self {
        context.spec().clone()
    }
}

impl Argument for StartContext {
    fn from_context(context: &StartContext) -> Self {
        context.clone()
    }
}

/// One argument of a call.
pub fn argument<A: Argument>(context: &StartContext) -> A {
    A::from_context(context)
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

/// The answer of a call.
///
/// # Errors
/// The author's.
pub fn answer<A: Answer>(answer: A) -> Result<WorkflowStart, ClientError> {
    answer.into_result()
}
