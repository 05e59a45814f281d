//! EMCO's two sample workflow clients (EMCO-API §2.4): one process, two routes.

use std::process::ExitCode;

use client_kit::{StartContext, WorkflowStart, clients, workflow_client};

/// Starts `EmcoMigrateWorkflow`. Its worker serves one queue, whatever the intent says.
#[workflow_client(name = "migrate_workflowclient")]
async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow").on_task_queue("MIGRATION_TASK_Q")
}

/// Starts any workflow whose worker serves a queue of the workflow type's name.
#[workflow_client(name = "workflowclient")]
async fn generic(ctx: StartContext) -> WorkflowStart {
    ctx.start(ctx.spec().workflow_start_options.task_queue.as_str())
}

fn main() -> ExitCode {
    client_kit::main(clients![migrate, generic])
}

#[cfg(test)]
mod tests {
    use client_kit::TemporalSpec;

    use super::*;

    fn asked_for(task_queue: &str) -> StartContext {
        let mut spec = TemporalSpec::default();
        spec.workflow_start_options.task_queue = task_queue.into();
        StartContext::new(spec)
    }

    #[tokio::test]
    async fn migration_stays_on_its_queue() {
        let start = migrate(asked_for("elsewhere")).await;
        assert_eq!(start.workflow_type().as_str(), "EmcoMigrateWorkflow");
        assert_eq!(start.options().task_queue.as_str(), "MIGRATION_TASK_Q");
    }

    #[tokio::test]
    async fn generic_client_takes_the_queue_for_the_type() {
        let start = generic(asked_for("EmcoRelocateWorkflow")).await;
        assert_eq!(start.workflow_type().as_str(), "EmcoRelocateWorkflow");
        assert_eq!(start.options().task_queue.as_str(), "EmcoRelocateWorkflow");
    }
}
