//! Arguments in any order, answers with and without an error.

use client_kit::{ClientError, StartContext, TemporalSpec, WorkflowStart, clients, workflow_client};

#[workflow_client(name = "migrate-1_A")]
async fn migrate(spec: TemporalSpec, ctx: StartContext) -> Result<WorkflowStart, ClientError> {
    let _: u32 = spec.workflow_client_name.parse()?;
    Ok(ctx.start("EmcoMigrateWorkflow"))
}

#[workflow_client]
async fn other_order(ctx: StartContext, mut spec: TemporalSpec) -> WorkflowStart {
    spec.workflow_client_name.clear();
    ctx.start("Other")
}

#[workflow_client]
async fn spec_alone(spec: TemporalSpec) -> Result<WorkflowStart, std::num::ParseIntError> {
    Ok(WorkflowStart::of("Alone", spec))
}

#[test]
fn clients_have_the_names_they_are_given_or_their_functions() {
    let names = clients![migrate, other_order, spec_alone].map(|client| client.name());
    assert_eq!(names, ["migrate-1_A", "other_order", "spec_alone"]);
}
