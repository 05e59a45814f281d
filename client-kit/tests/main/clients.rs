//! Workflow clients as authors may write them, good and bad.

use client_kit::{Client, ClientError, StartContext, WorkflowStart, clients, workflow_client};

/// What no caller may learn.
pub(crate) const SECRET: &str = "hunter2";

/// The type that no worker serves: its workflows stay running.
#[workflow_client]
pub(crate) async fn echo(ctx: StartContext) -> WorkflowStart {
    ctx.start("Echo")
}

#[workflow_client(name = "migrate_workflowclient")]
pub(crate) async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow").on_task_queue("MIGRATION_TASK_Q")
}

#[workflow_client]
async fn two_arguments(ctx: StartContext) -> Result<WorkflowStart, ClientError> {
    let start = ctx.start("Echo").with_input("first")?;
    let second = start.arguments().iter().cloned().chain([().into(), 2.into()]);
    Ok(start.clone().with_arguments(second))
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

pub(crate) fn all() -> [Client; 7] {
    clients![echo, migrate, two_arguments, refusing, failing, panicking, hanging]
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
    let error = crate::serving::server(clients![echo, migrate, other::reply]).unwrap_err().to_string();
    assert!(error.contains("clients::echo`") && error.contains("other::reply`"), "{error}");
    assert!(error.contains("the workflow client `echo`"), "{error}");
}
