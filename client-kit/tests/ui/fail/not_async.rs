use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client]
fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {}
