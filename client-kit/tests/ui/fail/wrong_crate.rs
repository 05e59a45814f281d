use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client(crate = 7)]
async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {}
