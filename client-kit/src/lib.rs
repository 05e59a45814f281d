#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod client;
mod context;
mod error;
mod gate;
mod http;
mod invoke;
mod params;
mod process;
mod server;
mod start;
mod starter;
mod temporal;

#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
pub mod __private;

pub use client::{Client, InvalidClient};
pub use context::StartContext;
pub use error::{ClientError, Refusal};
pub use params::Params;
pub use process::main;
pub use server::{Server, ServerOptions};
pub use start::{IdConflictPolicy, WorkflowStart};
pub use starter::{StartError, StartRequest, Starter};
pub use temporal::TemporalStarter;

/// HTTP's statuses, for [`Refusal`] and [`ClientError::new`].
pub use axum::http::StatusCode;
/// A workflow of Temporal's Rust SDK: `#[workflow_methods]` makes one of its run function.
pub use temporalio_common::WorkflowDefinition;
/// What authors of workflow clients read and answer, from `workflow-api`.
pub use workflow_api::{
    Fault, IdReusePolicy, Nanos, RetryPolicy, StartOptions, Started, TaskQueue, TemporalSpec, WorkflowParams,
};

/// The whole spec, as an argument of a workflow client: the body of the request, decoded.
pub type Spec = TemporalSpec;

/// Makes an async function a workflow client: it is served at `POST /invoke/<name>`.
///
/// The function stays as it is and can be called in tests. Beside it appears a type of the same name, hidden from
/// documentation, for [`clients!`]. The first paragraph of its documentation is its summary in the server's catalogue.
///
/// It takes any of these, in any order, and answers a [`WorkflowStart`] or `Result<WorkflowStart, E>`, where `E` is
/// [`ClientError`] or any error:
///
/// | Argument | What it has |
/// |---|---|
/// | [`Params<T>`](Params) | the intent's parameters, read into a struct |
/// | [`Spec`] | the whole body |
/// | [`StartOptions`], [`TaskQueue`] | parts of it |
/// | [`StartContext`] | the request, and the ways to start a workflow |
///
/// ```
/// use client_kit::{Params, StartContext, WorkflowStart, workflow_client};
/// # use schemars::JsonSchema;
/// # use serde::Deserialize;
/// # #[derive(Deserialize, JsonSchema)]
/// # struct Migration { application: String }
/// # #[derive(Deserialize, JsonSchema)]
/// # struct Update { attempts: Option<u8> }
///
/// /// Moves an application.
/// #[workflow_client(
///     name = "migrate_workflowclient",   // letters, digits, `_` and `-`; else the function's name
///     workflow = "EmcoMigrateWorkflow",  // the workflow type, for `start_of` and the catalogue
///     task_queue = "MIGRATION_TASK_Q",   // its queue, likewise; both may be paths to constants
///     activity(update = "doDIGUpdate"),  // the argument `update` has this activity's parameters
/// )]
/// async fn migrate(params: Params<Migration>, update: Params<Update>, ctx: StartContext) -> WorkflowStart {
///     ctx.start_of::<migrate>()
/// }
/// ```
///
/// `crate = other_name` says under which name the author's crate knows `client-kit`, where that is not its own.
///
/// A workflow client cannot wait for a workflow to end, as nothing that it is given can:
///
/// ```compile_fail
/// # use client_kit::{StartContext, WorkflowStart, workflow_client};
/// #[workflow_client]
/// async fn migrate(ctx: StartContext) -> WorkflowStart {
///     ctx.start("EmcoMigrateWorkflow").await
/// }
/// ```
pub use client_kit_macros::workflow_client;

/// The [`Client`]s that `#[workflow_client]` made of these functions: `clients![migrate, others::generic]`. Two of one name are
/// an error of the compiler.
#[macro_export]
macro_rules! clients {
    ($($function:ty),* $(,)?) => {{
        const _: () =
            $crate::__private::assert_distinct(&[$(<$function as $crate::__private::WorkflowClient>::NAME),*]);
        [$(<$function as $crate::__private::Listed>::client()),*]
    }};
}
