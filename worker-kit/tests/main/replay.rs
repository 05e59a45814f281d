//! Recorded histories, replayed with the code that made them, and with changed code.

use std::fs;
use std::path::Path;

use harness::TemporalServer;
use serde_json::{Value, json};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{ActivityOptions, WorkflowContext, WorkflowResult};
use worker_kit::testing::{TestWorker, replay};

use crate::scene::{Activities, SOON};

/// Does two steps.
#[workflow]
#[derive(Default)]
struct Before;

#[workflow_methods]
impl Before {
    #[run(name = "Changing")]
    async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        let options = ActivityOptions::start_to_close_timeout(SOON);
        ctx.execute_activity(Activities::work, "works".to_owned(), options.clone()).await?;
        ctx.timer(std::time::Duration::from_millis(1)).await;
        Ok(())
    }
}

/// The same workflow after a change: the other way round.
#[workflow]
#[derive(Default)]
struct After;

#[workflow_methods]
impl After {
    #[run(name = "Changing")]
    async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        ctx.timer(std::time::Duration::from_millis(1)).await;
        let options = ActivityOptions::start_to_close_timeout(SOON);
        ctx.execute_activity(Activities::work, "works".to_owned(), options).await?;
        Ok(())
    }
}

/// Runs the workflow once, and records it in a file. Returns its history as Temporal's command line prints it.
async fn recorded(file: &Path) -> Value {
    let server = TemporalServer::shared().await.unwrap();
    let worker = TestWorker::on(server.address(), |worker| {
        worker.register_workflow::<Before>()?.register_activities(Activities);
        Ok(())
    });
    let worker = worker.await.unwrap();
    let run = worker.run("Changing", Value::Null).await.unwrap();
    run.result().await.unwrap();
    run.record(file).await.unwrap();
    server.cli(&["workflow", "show", "--workflow-id", run.id()]).await.unwrap()
}

#[tokio::test]
async fn recorded_histories_replay_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let histories = folder.path().join("histories");
    let printed = recorded(&histories.join("recorded.json")).await;
    fs::write(histories.join("printed.json"), printed.to_string()).unwrap();
    let status = json!({"workflowState": "Completed", "workflowHistory": printed["events"]});
    fs::write(histories.join("status.json"), status.to_string()).unwrap();
    fs::write(histories.join("notes.txt"), "no history").unwrap();
    replay::<Before>(&histories).await.unwrap();

    for name in ["recorded", "printed", "status"] {
        let refused =
            replay::<After>(histories.join(name).with_extension("json")).await.unwrap_err().to_string();
        for text in [name, "does not replay", "TMPRL1100", "ctx.patched"] {
            assert!(refused.contains(text), "{refused}");
        }
    }
}

#[tokio::test]
async fn a_recording_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("changing.json");
    fs::write(&file, "{}").unwrap();
    recorded(&file).await;
    assert_eq!(fs::read_to_string(&file).unwrap(), "{}");
}

#[tokio::test]
async fn files_that_are_no_histories_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("empty")).unwrap();
    fs::write(at("none.json"), r#"{"events": []}"#).unwrap();
    fs::write(at("other.json"), "[1]").unwrap();
    for (name, text) in [
        ("missing.json", "cannot read"),
        ("empty", "has no .json file"),
        ("none.json", "has no events"),
        ("other.json", "is not a history"),
    ] {
        let refused = replay::<Before>(at(name)).await.unwrap_err().to_string();
        assert!(refused.contains(text) && refused.contains(name), "{refused}");
    }
}
