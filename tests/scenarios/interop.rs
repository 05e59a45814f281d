//! Workflow clients and workers in Rust, Go and Python, each with each: what a worker sees is what the intent says.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use harness::{
    Process, ProcessBuilder, TemporalServer, free_port, go_program, http, program, python_with_temporalio,
};
use serde_json::{Value, json};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{WorkflowContext, WorkflowResult};
use worker_kit::testing::TestWorker;
use workflow_api::{TemporalSpec, WorkflowParams, read, to_go_json};

const STARTED_WITHIN: Duration = Duration::from_secs(60);

/// Answers what it was given, and as what type, as the workers in the other languages do.
#[workflow]
#[derive(Default)]
struct Echo;

#[workflow_methods]
impl Echo {
    #[run(name = "interop-rust")]
    async fn run(_ctx: &mut WorkflowContext<Self>, input: RawValue) -> WorkflowResult<Value> {
        let params = worker_kit::params(&input)?;
        Ok(json!({"type": "WorkflowParams", "params": params}))
    }
}

/// What an intent may say at its fullest, in EMCO's bytes.
fn body(queue: &str, id: &str) -> Result<TemporalSpec> {
    let spec = json!({
        "workflowClientName": "workflowclient",
        "workflowStartOptions": {
            "id": id, "taskQueue": queue, "workflowRunTimeout": "5m", "retryPolicy": {"maximumAttempts": 2},
        },
        "workflowParams": {
            "activityOptions": {
                "all-activities": {
                    "heartbeatTimeout": 5_000_000, "startToCloseTimeout": "1m", "retryPolicy": {"initialInterval": 10},
                },
                "Copy <&> paste": {
                    "taskQueue": "größe", "scheduleToCloseTimeout": "1h30m", "scheduleToStartTimeout": 1,
                    "startToCloseTimeout": 9_007_199_254_740_993_i64, "heartbeatTimeout": "1ms",
                    "waitForCancellation": true, "activityID": "\u{2028}\"\\🚚",
                    "retryPolicy": {
                        "initialInterval": "1s", "backoffCoefficient": 1.1, "maximumInterval": "1m",
                        "maximumAttempts": 7, "nonRetryableErrorTypes": ["A", "<B>"],
                    },
                },
                "none": {},
            },
            "activityParams": {
                "all-activities": {"emcoURL": "http://emco:9015/?a=b&c", "empty": "", "text": "1\n\t\u{0}ä日本"},
                "none": {},
            },
        },
    });
    Ok(read::<TemporalSpec>(&serde_json::to_vec(&spec)?)?.value)
}

/// Has every client start the worker's workflow, and compares what the worker saw.
async fn every_client_reaches(queue: &str) -> Result<()> {
    let temporal = TemporalServer::shared().await?;
    for client in ["rust", "go", "python"] {
        let id = format!("{queue}-{client}-{}", std::process::id());
        let spec = body(queue, &id)?;
        let text = String::from_utf8(to_go_json(&spec))?;
        let started = match client {
            "rust" => invoke(temporal, &text).await.map(|()| true),
            "go" => match go_program("go")? {
                Some(program) => {
                    start(Process::builder(program).args(["client", temporal.address(), &text])).await
                }
                None => Ok(false),
            },
            _ => {
                let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/client.py");
                start(python_with_temporalio()?.arg(script).args([temporal.address(), &text])).await
            }
        };
        if !started.with_context(|| format!("the {client} client"))? {
            continue;
        }
        let seen = seen(temporal, &id).await.with_context(|| format!("started by the {client} client"))?;
        ensure!(seen == spec.workflow_params, "started by the {client} client: {seen:?}");
    }
    Ok(())
}

/// What the worker saw, by the bytes of its answer: the command line rounds large integers when it shows a result.
async fn seen(temporal: &TemporalServer, id: &str) -> Result<WorkflowParams> {
    let ended = temporal.cli(&["workflow", "result", "--workflow-id", id]).await?;
    ensure!(ended["status"] == "COMPLETED", "{ended}");
    let history = temporal.cli(&["workflow", "show", "--workflow-id", id]).await?;
    let last = history["events"].as_array().and_then(|events| events.last()).context("no events")?;
    let data = &last["workflowExecutionCompletedEventAttributes"]["result"]["payloads"][0]["data"];
    let answer = BASE64_STANDARD.decode(data.as_str().with_context(|| format!("no answer: {last}"))?)?;
    let answer: Value = serde_json::from_slice(&answer)?;
    Ok(read::<WorkflowParams>(&serde_json::to_vec(&answer["params"])?)?.value)
}

/// Our own client's answer says that Temporal has accepted the start.
async fn invoke(temporal: &TemporalServer, body: &str) -> Result<()> {
    let listen = format!("127.0.0.1:{}", free_port());
    let mut client = Process::builder(program("sample-client")?)
        .env("CLIENT_LISTEN", &listen)
        .env("TEMPORAL_ADDRESS", temporal.address())
        .spawn()?;
    client.wait_ready(&format!("http://{listen}/readyz")).await?;
    let answer =
        http().post(format!("http://{listen}/invoke/workflowclient")).body(body.to_owned()).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    ensure!(status == 204, "{status}: {text}");
    Ok(())
}

/// The client has started the workflow when it ends well.
async fn start(client: ProcessBuilder) -> Result<bool> {
    let mut client = client.spawn()?;
    let status = client.wait_exit(STARTED_WITHIN).await?;
    ensure!(status.success(), "{status}: {}", client.tail());
    Ok(true)
}

#[tokio::test]
async fn a_rust_worker_gets_the_input_of_every_client() -> Result<()> {
    let temporal = TemporalServer::shared().await?;
    let register = |worker: &mut temporalio_sdk::WorkerOptions| {
        worker.register_workflow::<Echo>()?;
        Ok(())
    };
    let _worker = TestWorker::on_queue(temporal.address(), "interop-rust", register).await?;
    every_client_reaches("interop-rust").await
}

#[tokio::test]
async fn a_go_worker_gets_the_input_of_every_client() -> Result<()> {
    let Some(program) = go_program("go")? else { return Ok(()) };
    let temporal = TemporalServer::shared().await?;
    let _worker = Process::builder(program).args(["worker", temporal.address(), "interop-go"]).spawn()?;
    every_client_reaches("interop-go").await
}

#[tokio::test]
async fn a_python_worker_gets_the_input_of_every_client() -> Result<()> {
    let temporal = TemporalServer::shared().await?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/worker.py");
    let _worker =
        python_with_temporalio()?.arg(script).args([temporal.address(), "interop-python"]).spawn()?;
    every_client_reaches("interop-python").await
}

/// Go's encoding of the options, as kept for the tests of `workflow-api`, is what Go makes of them today.
#[test]
fn the_test_vectors_are_those_of_go() -> Result<()> {
    let Some(program) = go_program("options")? else { return Ok(()) };
    let made = Command::new(program).output()?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made = String::from_utf8(made.stdout)?;
    let kept = include_str!("../../workflow-api/tests/vectors/go-options.jsonl");
    let difference = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    ensure!(difference.is_none(), "{difference:?}");
    ensure!(made.lines().count() == kept.lines().count(), "{} are made", made.lines().count());
    let distinct: BTreeSet<_> = made.lines().collect();
    ensure!(distinct.len() >= 200, "only {} are distinct", distinct.len());
    Ok(())
}
