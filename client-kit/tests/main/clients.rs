//! Workflow clients as authors may write them, good and bad.

use std::time::Duration;

use client_kit::{
    Client, ClientError, IdConflictPolicy, IdReusePolicy, Params, Refusal, RetryPolicy, StartContext,
    StatusCode, TaskQueue, WorkflowDefinition, WorkflowStart, clients, workflow_client,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A text that no response may contain.
pub(crate) const SECRET: &str = "hunter2";

/// A type without a worker: its workflows stay running.
#[workflow_client]
pub(crate) async fn echo(ctx: StartContext) -> WorkflowStart {
    ctx.start("Echo")
}

#[workflow_client(
    name = "migrate_workflowclient",
    workflow = "EmcoMigrateWorkflow",
    task_queue = "MIGRATION_TASK_Q"
)]
pub(crate) async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<migrate>()
}

#[workflow_client]
async fn three_arguments(ctx: StartContext) -> WorkflowStart {
    ctx.start("Echo").with_argument("first").with_argument(()).with_argument(2)
}

/// The parameters of the typed client.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Move {
    /// The application.
    application: String,
    replicas: Option<u8>,
    #[serde(default)]
    clusters: Vec<String>,
    #[serde(default)]
    mode: Mode,
}

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Gentle,
    Hard,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Update {
    attempts: u8,
}

/// Moves an application
/// to other clusters.
///
/// With all that it needs.
#[workflow_client(workflow = "Move", activity(update = "doDIGUpdate"))]
async fn typed(
    update: Params<Update>,
    queue: TaskQueue,
    Params(to): Params<Move>,
    ctx: StartContext,
) -> WorkflowStart {
    ctx.start_of::<typed>().with_input(json!({"to": to, "attempts": update.attempts, "queue": queue}))
}

/// A workflow as the SDK's macros make one.
struct MoveWorkflow;

impl WorkflowDefinition for MoveWorkflow {
    type Input = Vec<u16>;
    type Output = ();

    fn name(&self) -> &str {
        "TypedMove"
    }
}

#[workflow_client]
async fn of_the_sdk(ctx: StartContext) -> WorkflowStart {
    ctx.start_workflow(MoveWorkflow, vec![1, 2])
}

/// Overrides every option.
#[workflow_client]
async fn overriding(ctx: StartContext) -> WorkflowStart {
    ctx.start("Echo")
        .on_task_queue("own-queue")
        .with_workflow_id(format!("{}-own", ctx.spec().workflow_start_options.id))
        .with_execution_timeout(Duration::from_secs(7200))
        .with_run_timeout(Duration::from_secs(3600))
        .with_task_timeout(Duration::from_millis(5500))
        .with_id_reuse_policy(IdReusePolicy::RejectDuplicate)
        .error_when_already_started(true)
        .with_retry_policy(RetryPolicy { maximum_attempts: 3, ..RetryPolicy::default() })
        .with_memo("why", "because")
        .with_search_attribute("CustomKeywordField", "edge-1")
        .with_start_delay(Duration::from_secs(3600))
        .with_static_summary("Moves *everything*")
        .with_static_details("at night")
}

#[workflow_client]
async fn failing_on_conflict(ctx: StartContext) -> WorkflowStart {
    ctx.start("Echo").with_id_conflict_policy(IdConflictPolicy::Fail)
}

#[workflow_client]
async fn terminating(ctx: StartContext) -> WorkflowStart {
    ctx.start("Echo").with_id_conflict_policy(IdConflictPolicy::TerminateExisting)
}

/// An error that sets its status.
#[derive(Debug, thiserror::Error)]
enum MoveError {
    #[error("there is no application `{0}`")]
    NoApplication(&'static str),
    #[error("the store is away, with password {0}")]
    Store(&'static str),
    #[error(transparent)]
    Other(#[from] std::io::Error),
}

impl Refusal for MoveError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoApplication(_) => StatusCode::NOT_FOUND,
            Self::Store(_) => StatusCode::BAD_GATEWAY,
            Self::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[workflow_client]
async fn own_errors(queue: TaskQueue) -> Result<WorkflowStart, MoveError> {
    match queue.as_str() {
        "none" => Err(MoveError::NoApplication("a")),
        "store" => Err(MoveError::Store(SECRET)),
        _ => Err(std::io::Error::other(SECRET))?,
    }
}

#[workflow_client]
async fn own_error_passed_on(ctx: StartContext) -> Result<WorkflowStart, ClientError> {
    let found: Result<&str, _> = Err(MoveError::NoApplication("b"));
    Ok(ctx.start(found.map_err(Refusal::into_client_error)?))
}

#[workflow_client]
async fn no_json(ctx: StartContext) -> WorkflowStart {
    ctx.start("Echo").with_input(std::collections::HashMap::from([((1, 2), 3)]))
}

#[workflow_client]
async fn refusing(_ctx: StartContext) -> Result<WorkflowStart, ClientError> {
    Err(ClientError::conflict("the application is being moved").because(SECRET))
}

#[workflow_client]
async fn failing(_ctx: StartContext) -> Result<WorkflowStart, ClientError> {
    Err(std::io::Error::other(SECRET))?
}

#[workflow_client]
async fn panicking(_ctx: StartContext) -> WorkflowStart {
    panic!("{SECRET}")
}

#[workflow_client]
async fn hanging(_ctx: StartContext) -> WorkflowStart {
    std::future::pending().await
}

pub(crate) fn all() -> [Client; 16] {
    clients![
        echo,
        migrate,
        three_arguments,
        typed,
        of_the_sdk,
        overriding,
        failing_on_conflict,
        terminating,
        own_errors,
        own_error_passed_on,
        no_json,
        refusing,
        failing,
        panicking,
        hanging,
        unrepeatable
    ]
}

/// Cannot be repeated safely, because it makes a random ID.
#[workflow_client]
async fn unrepeatable(ctx: StartContext) -> WorkflowStart {
    ctx.start("Echo").with_workflow_id(uuid::Uuid::new_v4().to_string())
}

#[test]
fn two_clients_of_one_name_are_refused() {
    mod other {
        use super::*;

        #[workflow_client(name = "echo")]
        pub(super) async fn reply(ctx: StartContext) -> WorkflowStart {
            ctx.start("Reply")
        }
    }
    // The compiler refuses them in one list.
    let error = crate::serving::server(clients![echo, migrate].into_iter().chain(clients![other::reply]))
        .unwrap_err()
        .to_string();
    assert!(error.contains("clients::echo`") && error.contains("other::reply`"), "{error}");
    assert!(error.contains("are both named `echo`"), "{error}");
}

#[test]
fn a_client_whose_parameters_have_no_json_schema_is_refused() {
    #[derive(Deserialize, JsonSchema)]
    struct Lookahead {
        #[schemars(regex(pattern = "^(?=a)"))]
        name: String,
    }
    #[workflow_client]
    async fn lookahead(Params(params): Params<Lookahead>, ctx: StartContext) -> WorkflowStart {
        ctx.start(params.name)
    }
    let error = crate::serving::server(clients![echo, lookahead]).unwrap_err();
    assert!(error.to_string().contains("the workflow client `lookahead`"), "{error}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("`#/properties/name/pattern`"), "{source}");
}
