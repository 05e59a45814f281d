#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod client;
mod context;
mod error;
mod gate;
mod http;
mod invoke;
mod params;
mod payload;
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
pub use server::{Callers, Server, ServerOptions};
pub use start::{IdConflictPolicy, WorkflowStart};
pub use starter::{StartError, StartRequest, Starter};
pub use temporal::TemporalStarter;

/// What a [`TemporalStarter`] needs, and its faults.
pub use ::temporal::{
    ConnectionSettings, TemporalConnection, TemporalFault, TemporalSettings, TemporalTarget,
};
/// For an implementation of [`Starter`].
pub use async_trait::async_trait;
/// The routes of a [`Server`].
pub use axum::Router;
/// HTTP's statuses, for [`Refusal`] and [`ClientError::new`].
pub use axum::http::StatusCode;
/// JSON, for arguments of workflows.
pub use serde_json::Value;
/// What a [`Server`] needs.
pub use service::auth::{BearerTokens, Issuers, Networks, Subjects};
pub use service::http::{CutOff, Tls};
pub use service::metrics::Metrics;
pub use service::shutdown::Shutdown;
/// A workflow of Temporal's Rust SDK: `#[workflow_methods]` makes one of the run function.
pub use temporalio_common::WorkflowDefinition;
/// Types of `workflow-api` that authors of workflow clients use.
pub use workflow_api::params::{DurationParam, Parameters, UnusableSchema};
pub use workflow_api::{
    Argument, CURRENT_STATE, Caller, CatalogueEntry, Declaration, Fault, IdReusePolicy, JsonMap, Message,
    Nanos, PROGRESS, RawJson, RetryPolicy, RunId, StartOptions, Started, TaskQueue, TemporalSpec, WorkflowId,
    WorkflowParams, WorkflowType,
};

/// The whole spec: the decoded body of the request. It can be an argument of a workflow client.
pub type Spec = TemporalSpec;

/// Makes an async function a workflow client: it is served at `POST /invoke/<name>`.
///
/// The function does not change, and tests can call it. The macro adds a type of the same name for [`clients!`], which
/// the documentation does not show. The first paragraph of the function's documentation is the summary in the server's
/// catalogue.
///
/// It takes any of these arguments, in any order. It returns a [`WorkflowStart`] or `Result<WorkflowStart, E>`, where
/// `E` is [`ClientError`] or any error:
///
/// | Argument | Content |
/// |---|---|
/// | [`Params<T>`](Params) | the intent's parameters, read into a struct |
/// | [`Spec`] | the whole body |
/// | [`StartOptions`], [`TaskQueue`] | parts of it |
/// | [`StartContext`] | the request, and the methods that start a workflow |
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
///     name = "migrate_workflowclient",   // letters, digits, `_` and `-`; default: the function's name
///     workflow = "EmcoMigrateWorkflow",  // the workflow type, for `start_of` and the catalogue
///     task_queue = "MIGRATION_TASK_Q",   // the task queue, likewise; both may be paths of constants
///     activity(update = "doDIGUpdate"),  // the argument `update` has this activity's parameters
/// )]
/// async fn migrate(params: Params<Migration>, update: Params<Update>, ctx: StartContext) -> WorkflowStart {
///     ctx.start_of::<migrate>()
/// }
/// ```
///
/// `declaration = HELLO` names a [`Declaration`] of the workflow instead: it has the type and the task queue.
/// `task_queue` beside it replaces its queue, and can be a call: `task_queue = queue_of_this_site()`.
///
/// `crate = other_name` is needed if the author's crate imports `client-kit` under another name.
///
/// A workflow client cannot wait for a workflow to end, because none of its arguments can:
///
/// ```compile_fail
/// # use client_kit::{StartContext, WorkflowStart, workflow_client};
/// #[workflow_client]
/// async fn migrate(ctx: StartContext) -> WorkflowStart {
///     ctx.start("EmcoMigrateWorkflow").await
/// }
/// ```
pub use client_kit_macros::workflow_client;

/// Returns the [`Client`]s of these functions, which have `#[workflow_client]`: `clients![migrate, others::generic]`.
/// Two clients of the same name are a compiler error.
#[macro_export]
macro_rules! clients {
    ($($function:ty),* $(,)?) => {{
        const _: () =
            $crate::__private::assert_distinct(&[$(<$function as $crate::__private::WorkflowClient>::NAME),*]);
        [$(<$function as $crate::__private::Listed>::client()),*]
    }};
}
