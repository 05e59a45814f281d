use client_kit::{ClientError, StartContext, workflow_client};

#[workflow_client]
async fn migrate(ctx: StartContext) -> Result<String, ClientError> {
    Ok(ctx.start("EmcoMigrateWorkflow").workflow_type().to_string())
}

fn main() {}
