//! Signals, updates and queries that the workflow client declares.

use std::time::{Duration, Instant};

use harness::{SAMPLE_INTENT, TemporalServer, sample_intent};
use http::StatusCode;
use serde_json::{Value, json};

use super::super::{Api, ScriptedClient, fault_paths, problem_of};
use super::{Scene, start, task_queue};

/// The longest time for a signal while its client does not respond: the bridge's bound, on a busy machine.
const BOUND: Duration = Duration::from_secs(5);

/// Returns the catalogue of a client that starts workflows of this type, with some of the messages of `Obedient`.
fn catalogue(workflow_type: &str) -> Value {
    let number = json!({"type": "integer"});
    let gate = json!({
        "type": "object", "properties": {"gate": number}, "required": ["gate"], "additionalProperties": false,
    });
    json!({"clients": [{
        "name": "migrate_workflowclient", "workflowType": workflow_type,
        "signals": {"raise": {"args": [number]}, "open": {"args": [gate]}, "finish": {}},
        "updates": {"set": {"args": [number]}},
        "queries": {"level": {"args": []}, "sum": {"args": [number]}},
    }]})
}

/// A bridge and a running workflow, whose intent has the client on this port.
async fn scene(client_port: u16) -> Scene {
    let temporal = TemporalServer::shared().await.unwrap();
    let (workflow_id, run_id) = start(temporal, "Obedient", task_queue(temporal)).await;
    let api = Api::on(temporal.address(), &["--client-check", "20s"]).await;
    let mut intent = sample_intent("127.0.0.1", client_port, "http://emco");
    intent["spec"]["temporal"]["workflowStartOptions"]["id"] = workflow_id.as_str().into();
    assert_eq!(api.post("?clientCheck=Skip", intent.to_string()).await.status(), 201);
    Scene { api, temporal, workflow_id, run_id }
}

async fn declaring(workflow_type: &str) -> Scene {
    let text = catalogue(workflow_type).to_string();
    let client = ScriptedClient::start(move || std::future::ready(text.clone())).await;
    scene(client.port).await
}

async fn refused(scene: &Scene, verb: &str, spec: Value) -> (Vec<String>, String) {
    let problem = problem_of(scene.post(verb, spec).await, 422, "invalid_message").await;
    let messages = problem["faults"].as_array().unwrap().iter().map(|fault| fault["message"].to_string());
    (fault_paths(&problem).into_iter().map(str::to_owned).collect(), messages.collect())
}

#[tokio::test]
async fn a_message_that_does_not_fit_is_refused_with_paths_and_never_sent() {
    let scene = declaring("Obedient").await;
    for (verb, spec, path, message) in [
        ("signal", json!({"name": "raise", "args": [{"by": 1}]}), "$.spec.args[0]", "must be an integer"),
        (
            "signal",
            json!({"name": "open", "args": [{"gate": "a"}]}),
            "$.spec.args[0].gate",
            "must be an integer",
        ),
        (
            "signal",
            json!({"name": "open", "args": [{"gate": 1, "gates": 2}]}),
            "$.spec.args[0].gates",
            "did you mean `gate`?",
        ),
        ("signal", json!({"name": "raise"}), "$.spec.args[0]", "is missing"),
        ("signal", json!({"name": "raise", "args": [1, 2]}), "$.spec.args[1]", "is one too many"),
        ("signal", json!({"name": "rase", "args": [1]}), "$.spec.name", "did you mean `raise`?"),
        ("update", json!({"name": "set", "args": ["high"]}), "$.spec.args[0]", "must be an integer"),
        ("update", json!({"name": "put", "args": [1]}), "$.spec.name", "known are `set`"),
        ("query", json!({"type": "sum", "args": ["one"]}), "$.spec.args[0]", "must be an integer"),
        ("query", json!({"type": "state"}), "$.spec.type", "is not known"),
    ] {
        let (paths, messages) = refused(&scene, verb, spec).await;
        assert_eq!(paths, [path]);
        assert!(messages.contains(message), "{messages}");
    }
    assert_eq!(scene.events("WORKFLOW_EXECUTION_SIGNALED").await.len(), 0);
    assert_eq!(scene.level().await, 0);
}

#[tokio::test]
async fn a_message_that_fits_is_sent() {
    let scene = declaring("Obedient").await;
    assert_eq!(scene.post("signal", json!({"name": "raise", "args": [2]})).await.status(), 204);
    assert_eq!(scene.post("update", json!({"name": "set", "args": [5]})).await.status(), 200);
    let sum = scene.post("query", json!({"type": "sum", "args": [1]})).await;
    assert_eq!(sum.json::<Value>().await.unwrap()["result"], json!({"sum": 6}));
    // Queries of the SDK itself are in no declaration.
    assert_eq!(scene.post("query", json!({"type": "__temporal_workflow_metadata"})).await.status(), 200);
    // Any argument, or none.
    assert_eq!(scene.post("signal", json!({"name": "finish"})).await.status(), 204);
}

#[tokio::test]
async fn the_check_can_be_skipped() {
    let scene = declaring("Obedient").await;
    let undeclared = json!({"name": "undeclared"});
    assert_eq!(scene.post("signal?clientCheck=Skip", undeclared.clone()).await.status(), 204);
    problem_of(scene.post("signal?clientCheck=No", undeclared).await, 400, "invalid_parameter").await;
}

#[tokio::test]
async fn a_client_that_is_away_slow_or_declares_nothing_blocks_no_signal() {
    let undeclared = json!({"clients": [{"name": "migrate_workflowclient", "workflowType": "Obedient"}]});
    let unusable = json!({"clients": [{
        "name": "migrate_workflowclient", "workflowType": "Obedient",
        "signals": {"finish": {"args": [{"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}]}},
    }]});
    let answering = async |text: Value| {
        let text = text.to_string();
        ScriptedClient::start(move || std::future::ready(text.clone())).await.port
    };
    for (case, port) in [
        ("away", harness::free_port()),
        ("slow", ScriptedClient::start(std::future::pending::<StatusCode>).await.port),
        ("failing", ScriptedClient::start(|| async { StatusCode::INTERNAL_SERVER_ERROR }).await.port),
        ("of EMCO", ScriptedClient::emco().await.port),
        ("declaring nothing", answering(undeclared).await),
        ("with an unusable schema", answering(unusable).await),
    ] {
        let scene = scene(port).await;
        let before = Instant::now();
        let sent = scene.post("signal", json!({"name": "finish", "args": [1]})).await;
        assert_eq!(sent.status(), 204, "{case}");
        assert!(before.elapsed() < BOUND, "{case}: {:?}", before.elapsed());
        assert_eq!(scene.events("WORKFLOW_EXECUTION_SIGNALED").await.len(), 1, "{case}");
    }
}

#[tokio::test]
async fn a_run_of_another_workflow_is_not_measured_by_the_clients_declaration() {
    let scene = declaring("Other").await;
    assert_eq!(scene.post("signal", json!({"name": "undeclared"})).await.status(), 204);
}

#[tokio::test]
async fn the_check_of_an_intent_shows_what_can_be_sent() {
    let scene = declaring("Obedient").await;
    let answer: Value = scene.api.get(&format!("/{SAMPLE_INTENT}/check")).await.json().await.unwrap();
    assert_eq!(answer["standing"], "Accepted");
    assert_eq!(answer["client"]["signals"]["raise"], json!({"args": [{"type": "integer"}]}));
    assert_eq!(answer["client"]["queries"]["level"], json!({"args": []}));
    assert_eq!(answer["client"]["signals"]["finish"], json!({}));
}
