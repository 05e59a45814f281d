use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client(task_queue = "MIGRATION_TASK_Q")]
async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {}
