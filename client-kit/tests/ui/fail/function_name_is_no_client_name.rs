use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client]
async fn déplacer(ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {}
