//! Workflow clients that share a declaration with their worker.

use axum::body::Body;
use axum::http::Request;
use client_kit::testing::TestServer;
use client_kit::{
    Declaration, Message, PROGRESS, Params, Server, ServerOptions, StartContext, WorkflowStart, clients,
    workflow_client,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

const GREET: &str = "Greet";
const STOP: &str = "stop";

const HELLO: Declaration = Declaration::new("Hello", "HELLO_Q")
    .with_activities(&[GREET, "Part"])
    .with_signals(&[Message::of::<Stop>(STOP)])
    .with_queries(&[Message::any(PROGRESS)]);

static NOT_USABLE: Declaration =
    Declaration::new("Broken", "Q").with_signals(&[Message::of::<Broken>("break")]);

/// Why to stop.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Stop {
    reason: String,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Broken {
    #[schemars(regex(pattern = "("))]
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Guest {
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Tone {
    loud: bool,
}

#[workflow_client(declaration = HELLO)]
async fn hello(Params(guest): Params<Guest>, ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<hello>().with_static_summary(guest.name)
}

#[workflow_client(declaration = HELLO, task_queue = queue(), activity(tone = GREET))]
async fn elsewhere(Params(tone): Params<Tone>, ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<elsewhere>().with_argument(tone.loud)
}

#[workflow_client(declaration = NOT_USABLE)]
async fn broken(ctx: StartContext) -> WorkflowStart {
    ctx.start_of::<broken>()
}

fn queue() -> String {
    "OTHER_Q".to_owned()
}

fn spec(queue: &str, params: Value) -> Value {
    json!({"workflowStartOptions": {"taskQueue": queue}, "workflowParams": params})
}

fn guest(name: &str) -> Value {
    json!({"activityParams": {"all-activities": {"name": name}}})
}

#[tokio::test]
async fn the_declared_workflow_starts_on_the_declared_queue() {
    let server = TestServer::new(clients![hello, elsewhere]);
    for queue in ["HELLO_Q", ""] {
        server.call("hello", spec(queue, guest("Ann"))).await.assert_started();
    }
    server.temporal().started().workflow_type("Hello").task_queue("HELLO_Q").times(2);
    let tone = json!({"activityParams": {"Greet": {"loud": "true"}}});
    server.call("elsewhere", spec("OTHER_Q", tone)).await.assert_started();
    server.temporal().started().workflow_type("Hello").task_queue("OTHER_Q").once();
}

#[tokio::test]
async fn what_nothing_would_read_is_refused_with_all_other_faults() {
    let server = TestServer::new(clients![hello]);
    let params = json!({
        "activityOptions": {"Gret": {}}, "activityParams": {"Greet": {"x": "1"}, "all-activities": {"nam": "Ann"}},
    });
    let refused = server.call("hello", spec("OTHER_Q", params)).await;
    refused.assert_problem(422, "invalid_params");
    assert_eq!(
        refused.fault_paths(),
        [
            "$.workflowStartOptions.taskQueue",
            "$.workflowParams.activityOptions.Gret",
            "$.workflowParams.activityParams.Greet.x",
            "$.workflowParams.activityParams.all-activities.nam",
            "$.workflowParams.activityParams.all-activities.name",
        ]
    );
    server.temporal().asked().none();
}

#[test]
fn the_catalogue_has_the_declaration() {
    let [hello, elsewhere] = clients![hello, elsewhere].map(|client| client.describe());
    assert_eq!((hello.workflow_type.as_str(), hello.task_queue.as_str()), ("Hello", "HELLO_Q"));
    assert_eq!(hello.activities.unwrap(), ["Greet", "Part"]);
    let signals = serde_json::to_value(hello.signals).unwrap();
    assert_eq!(signals["stop"]["args"][0]["description"], "Why to stop.");
    assert_eq!(serde_json::to_value(hello.queries).unwrap(), json!({"progress": {}}));
    assert_eq!(hello.updates.unwrap().len(), 0);
    assert_eq!(elsewhere.task_queue.as_str(), "OTHER_Q");
    assert!(elsewhere.params.contains_key("Greet"));
}

#[tokio::test]
async fn the_openapi_document_has_it_too() {
    let server = TestServer::new(clients![hello]);
    let request = Request::get("/openapi.json").body(Body::empty()).unwrap();
    let document = server.send(request).await.body;
    let operation = &document["paths"]["/invoke/hello"]["post"];
    assert_eq!(operation["x-activities"], json!(["Greet", "Part"]));
    assert_eq!(operation["x-signals"]["stop"]["args"][0]["required"], json!(["reason"]));
    assert_eq!(operation["x-updates"], json!({}));
}

#[test]
fn a_client_with_an_argument_that_cannot_be_validated_is_not_served() {
    let starter = client_kit::testing::RecordedTemporal::default();
    let error = Server::new(clients![broken], starter, ServerOptions::default()).unwrap_err();
    assert!(error.to_string().contains("`broken`"), "{error}");
}
