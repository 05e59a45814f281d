//! Arguments in any order and number, answers with and without an error.

use client_kit::{
    ClientError, Params, Refusal, Spec, StartContext, StartOptions, StatusCode, TaskQueue, TemporalSpec,
    WorkflowStart, clients, workflow_client,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Migration {
    pub(super) application: String,
}

#[workflow_client(name = "migrate-1_A")]
async fn migrate(spec: TemporalSpec, ctx: StartContext) -> Result<WorkflowStart, ClientError> {
    let _: u32 = spec.workflow_client_name.parse()?;
    Ok(ctx.start("EmcoMigrateWorkflow"))
}

#[workflow_client]
async fn other_order(ctx: StartContext, mut spec: Spec) -> WorkflowStart {
    spec.workflow_client_name.clear();
    ctx.start("Other")
}

#[workflow_client]
async fn spec_alone(spec: Spec) -> Result<WorkflowStart, std::num::ParseIntError> {
    Ok(WorkflowStart::of("Alone", spec))
}

#[workflow_client(activity(update = "doDIGUpdate", again = "doDIGUpdate"))]
async fn everything(
    queue: TaskQueue,
    Params(migration): Params<Migration>,
    update: Params<Migration>,
    again: Params<Migration>,
    options: StartOptions,
    _: Spec,
    ctx: StartContext,
) -> WorkflowStart {
    let applications = [migration.application, update.0.application, again.application.clone()];
    ctx.start(queue.as_str()).with_workflow_id(options.id).with_input(applications)
}

#[derive(Debug, thiserror::Error)]
#[error("no")]
struct No;

impl Refusal for No {
    fn status(&self) -> StatusCode {
        StatusCode::GONE
    }
}

#[workflow_client]
async fn refuses(_: Spec) -> Result<WorkflowStart, No> {
    Err(No)
}

#[test]
fn clients_have_the_given_name_or_that_of_the_function() {
    let names = clients![migrate, other_order, spec_alone, everything, refuses].map(|client| client.name());
    assert_eq!(names, ["migrate-1_A", "other_order", "spec_alone", "everything", "refuses"]);
}

#[tokio::test]
async fn each_argument_has_its_part() {
    let body = r#"{
        "workflowStartOptions": {"ID": "w", "TaskQueue": "q"},
        "workflowParams": {"activityParams": {
            "all-activities": {"application": "a"}, "doDIGUpdate": {"application": "b"}
        }}
    }"#;
    let spec: Spec = serde_json::from_str(body).unwrap();
    let [client] = clients![everything];
    let start = client.call(StartContext::new(spec)).await.unwrap();
    assert_eq!((start.workflow_type().as_str(), start.options().id.as_str()), ("q", "w"));
    assert_eq!(start.arguments(), [serde_json::json!(["a", "b", "b"])]);
}

#[tokio::test]
async fn an_error_has_the_status_that_it_sets() {
    let [client] = clients![refuses];
    let error = client.call(StartContext::new(Spec::default())).await.unwrap_err();
    assert_eq!((error.status(), error.detail()), (StatusCode::GONE, "no"));
}
