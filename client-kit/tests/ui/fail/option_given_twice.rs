use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client(name = "one", workflow = "A", name = "two", workflow = "B")]
async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {}
