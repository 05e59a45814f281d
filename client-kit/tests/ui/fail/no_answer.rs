use client_kit::{StartContext, workflow_client};

#[workflow_client]
async fn migrate(ctx: StartContext) {
    let _ = ctx.start("EmcoMigrateWorkflow");
}

fn main() {}
