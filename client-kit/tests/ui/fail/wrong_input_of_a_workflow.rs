use client_kit::{StartContext, WorkflowDefinition, WorkflowStart, workflow_client};

struct Migrate;

impl WorkflowDefinition for Migrate {
    type Input = String;
    type Output = ();

    fn name(&self) -> &str {
        "EmcoMigrateWorkflow"
    }
}

#[workflow_client]
async fn migrate(ctx: StartContext) -> WorkflowStart {
    ctx.start_workflow(Migrate, 7)
}

fn main() {}
