use client_kit::{StartContext, WorkflowStart, workflow_client};

struct Clients;

impl Clients {
    #[workflow_client]
    async fn migrate(&self, ctx: StartContext) -> WorkflowStart {
        ctx.start("EmcoMigrateWorkflow")
    }
}

fn main() {}
