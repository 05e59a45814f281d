//! Histories of the bridge's own workflows, kept in `tests/histories`: each version must replay those of earlier ones.
//! `UPDATE_HISTORIES=1 cargo test -p bridge` writes the current ones.

use std::fs;
use std::path::PathBuf;

use bridge_temporal::{EscalateCancel, Monitor};
use harness::TemporalServer;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, Url, WorkflowExecutionInfo,
    WorkflowFetchHistoryOptions,
};
use temporalio_common::protos::temporal::api::history::v1::History;
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

/// Stores the history of a run, of the newest one if there is no ID, if `UPDATE_HISTORIES` is set, and replays it.
pub(crate) async fn replays(temporal: &TemporalServer, workflow_id: &str, run_id: Option<&str>, name: &str) {
    let options = ConnectionOptions::new(Url::parse(&temporal.url()).unwrap()).build();
    let connection = Connection::connect(options).await.unwrap();
    let client = Client::new(connection, ClientOptions::new("default").build()).unwrap();
    let run = WorkflowExecutionInfo::builder().namespace("default").workflow_id(workflow_id);
    let handle = run.maybe_run_id(run_id).build().bind_untyped(client);
    let history = handle.fetch_history(WorkflowFetchHistoryOptions::default());
    let history = History { events: history.into_events().await.unwrap() };
    if std::env::var_os("UPDATE_HISTORIES").is_some() {
        fs::write(
            folder().join(format!("{name}.json")),
            serde_json::to_string_pretty(&history).unwrap() + "\n",
        )
        .unwrap();
    }
    replay(history).await;
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/histories")
}

async fn replay(history: History) {
    let options = WorkflowReplayerOptions::new()
        .register_workflow::<EscalateCancel>()
        .unwrap()
        .register_workflow::<Monitor>()
        .unwrap()
        .build();
    assert!(!history.events.is_empty());
    WorkflowReplayer::new(options).unwrap().replay_workflow(history.into()).await.unwrap();
}

#[tokio::test]
async fn kept_histories_replay() {
    let files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        replay(serde_json::from_slice(&fs::read(&file).unwrap()).unwrap()).await;
    }
}
