use client_kit::{StartContext, WorkflowStart, workflow_client};

#[workflow_client(activity(updaet = "doDIGUpdate"))]
async fn migrate(update: StartContext) -> WorkflowStart {
    update.start("EmcoMigrateWorkflow")
}

fn main() {}
