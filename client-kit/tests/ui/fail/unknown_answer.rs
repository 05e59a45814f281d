use client_kit::{StartContext, workflow_client};

#[workflow_client]
async fn migrate(ctx: StartContext) -> Result<String, std::io::Error> {
    Ok(ctx.spec().workflow_client_name.clone())
}

fn main() {}
