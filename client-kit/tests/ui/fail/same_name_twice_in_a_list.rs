use client_kit::{StartContext, WorkflowStart, clients, workflow_client};

#[workflow_client]
async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

#[workflow_client(name = "migrate")]
async fn other(ctx: StartContext) -> WorkflowStart {
    ctx.start("Other")
}

fn main() {
    let _ = clients![migrate, other];
}
