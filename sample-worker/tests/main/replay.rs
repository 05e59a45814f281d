//! Recorded histories. They show a change of a workflow that would break running ones.
//!
//! `UPDATE_HISTORIES=1 cargo test -p sample-worker` records histories of new paths. It does not change existing ones.

use std::fs;
use std::path::PathBuf;

use sample_worker::{
    EmcoClusterCapacityWorkflow, EmcoEvacuateClusterWorkflow, EmcoMigrateWorkflow, EmcoRelocateWorkflow,
};
use temporalio_common::protos::temporal::api::history::v1::History;
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/histories")
}

/// Records the history, if `UPDATE_HISTORIES` is set.
pub(crate) fn keep(name: &str, history: &History) {
    if std::env::var_os("UPDATE_HISTORIES").is_some() {
        let (json, file) =
            (serde_json::to_string_pretty(history).unwrap(), folder().join(format!("{name}.json")));
        if !file.exists() {
            fs::write(file, json + "\n").unwrap();
        }
    }
}

pub(crate) async fn replay(history: History) {
    let options = WorkflowReplayerOptions::new()
        .register_workflow::<EmcoMigrateWorkflow>()
        .unwrap()
        .register_workflow::<EmcoRelocateWorkflow>()
        .unwrap()
        .register_workflow::<EmcoEvacuateClusterWorkflow>()
        .unwrap()
        .register_workflow::<EmcoClusterCapacityWorkflow>()
        .unwrap()
        .build();
    WorkflowReplayer::new(options).unwrap().replay_workflow(history.into()).await.unwrap();
}

#[tokio::test]
async fn recorded_histories_replay() {
    let files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let history: History = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert!(!history.events.is_empty(), "{}", file.display());
        replay(history).await;
    }
}

#[tokio::test]
#[should_panic(expected = "Nondeterminism")]
async fn a_history_of_another_workflow_does_not_replay() {
    let mut history: History =
        serde_json::from_slice(&fs::read(folder().join("migration.json")).unwrap()).unwrap();
    let json = serde_json::to_string(&history).unwrap().replace("UpdateAppIntents", "SomethingElse");
    history = serde_json::from_str(&json).unwrap();
    replay(history).await;
}
