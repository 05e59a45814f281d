//! `bridge intent check`.

use std::path::Path;
use std::process::Output;

use harness::{TemporalServer, sample_intent};
use serde_json::json;

use super::bridge;
use crate::api::our_client::OurClient;

fn check(arguments: &[&str], file: &Path) -> Output {
    bridge().args(["intent", "check"]).args(arguments).arg(file).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_intent_is_accepted_and_others_get_all_their_faults() {
    let client = OurClient::start(TemporalServer::shared().await.unwrap().address()).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("intent.json");

    let mut intent = sample_intent("127.0.0.1", client.port, "http://emco");
    std::fs::write(&file, intent.to_string()).unwrap();
    let output = check(&["--require-client"], &file);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("its workflow client accepts it"), "{}", text(&output));

    intent["spec"]["temporal"]["workflowClientName"] = json!("migrate");
    std::fs::write(&file, intent.to_string()).unwrap();
    let output = check(&[], &file);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("write one of `migrate_workflowclient`"), "{}", text(&output));

    intent["spec"]["workflowClient"]["clientEndpointPort"] = json!(0);
    intent["spec"]["temporal"]["surprise"] = json!(true);
    std::fs::write(&file, intent.to_string()).unwrap();
    let output = check(&[], &file);
    assert_eq!(output.status.code(), Some(1));
    for part in
        ["$.spec.workflowClient.clientEndpointPort: ", "$.spec.temporal.surprise: is not a known field"]
    {
        assert!(text(&output).contains(part), "{part}: {}", text(&output));
    }
}

#[test]
fn emcoctls_intents_are_checked_and_its_other_documents_skipped() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("documents.yaml");
    let documents = format!(
        "version: emco/v2\nresourceContext:\n  anchor: projects\nmetadata:\n  name: proj1\n---\n\
         version: emco/v2\nresourceContext:\n  anchor: projects/p/composite-apps/c/v1/deployment-intent-groups/d/temporal-workflow-intents\n\
         metadata:\n  name: an-intent\nspec:\n  workflowClient:\n    clientEndpointName: 127.0.0.1\n    clientEndpointPort: {}\n  \
         temporal:\n    workflowClientName: a\n    workflowStartOptions:\n      id: w\n      taskQueue: q\n",
        harness::free_port()
    );
    std::fs::write(&file, documents).unwrap();
    let output = check(&[], &file);
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains("`an-intent` is valid, but its workflow client could not check it"),
        "{}",
        text(&output)
    );
    assert_eq!(check(&["--require-client"], &file).status.code(), Some(1));
}

#[test]
fn files_without_intents_are_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.yaml");
    for (content, part) in [
        ("metadata: {{.Name}}: [", "are the values of its template filled in?"),
        ("version: emco/v2\nresourceContext:\n  anchor: projects\n", "has no workflow intent"),
    ] {
        std::fs::write(&file, content).unwrap();
        let output = check(&[], &file);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output).contains(part) && text(&output).contains("file.yaml"), "{}", text(&output));
    }
    let absent = check(&[], &directory.path().join("absent.yaml"));
    assert!(
        text(&absent).contains("cannot read") && text(&absent).contains("absent.yaml"),
        "{}",
        text(&absent)
    );
}
