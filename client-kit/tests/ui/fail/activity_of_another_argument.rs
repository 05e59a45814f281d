use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client(activity(ctx = "doDIGUpdate"))]
async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {}
