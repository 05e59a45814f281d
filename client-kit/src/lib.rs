#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod client;
mod context;
mod error;
mod gate;
mod http;
mod invoke;
mod process;
mod server;
mod start;
mod starter;
mod temporal;

#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
pub mod __private;

pub use client::{Client, DuplicateClient};
pub use context::StartContext;
pub use error::ClientError;
pub use process::main;
pub use server::{Server, ServerOptions};
pub use start::WorkflowStart;
pub use starter::{StartError, StartRequest, Starter};
pub use temporal::TemporalStarter;

/// What authors of workflow clients read and answer, from `workflow-api`.
pub use workflow_api::{StartOptions, Started, TemporalSpec, WorkflowParams};

/// Makes an async function a workflow client: it is served at `POST /invoke/<name>`.
///
/// The name is the function's unless `name = "…"` gives another; it holds letters, digits, `_` and `-`. The function stays
/// as it is and can be called in tests. Beside it appears a type of the same name, hidden from documentation, for
/// [`clients!`].
///
/// The function takes the decoded [`TemporalSpec`], the [`StartContext`] or both, and answers a [`WorkflowStart`] or
/// `Result<WorkflowStart, ClientError>`:
///
/// ```
/// use client_kit::{ClientError, StartContext, TemporalSpec, WorkflowStart, workflow_client};
///
/// #[workflow_client]
/// async fn migrate(spec: TemporalSpec, ctx: StartContext) -> Result<WorkflowStart, ClientError> {
///     if spec.workflow_params.activity_params.is_empty() {
///         return Err(ClientError::refused("name the application to migrate in `activityParams`"));
///     }
///     Ok(ctx.start("EmcoMigrateWorkflow"))
/// }
/// ```
///
/// It cannot wait for a workflow to end, as nothing that it is given can:
///
/// ```compile_fail
/// # use client_kit::{StartContext, WorkflowStart, workflow_client};
/// #[workflow_client]
/// async fn migrate(ctx: StartContext) -> WorkflowStart {
///     ctx.start("EmcoMigrateWorkflow").await
/// }
/// ```
pub use client_kit_macros::workflow_client;

/// The [`Client`]s that `#[workflow_client]` made of these functions: `clients![migrate, others::generic]`.
#[macro_export]
macro_rules! clients {
    ($($function:ty),* $(,)?) => {
        [$(<$function as $crate::__private::WorkflowClient>::client()),*]
    };
}
