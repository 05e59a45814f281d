use client_kit::{StartContext, WorkflowStart, clients};

async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start("EmcoMigrateWorkflow")
}

fn main() {
    let _ = clients![migrate];
}
