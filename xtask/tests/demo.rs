//! The demo, from start to end, as a person runs it.

use std::process::Command;

use serde_json::{Value, json};

#[test]
fn the_demo_moves_the_sample_app_and_prints_the_outcome() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_xtask")).args(["demo", "--once", "--json"]).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{stdout}\n{stderr}", output.status);

    let outcome: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!(outcome["intent"], "dig1-workflow-intent");
    assert_eq!(outcome["workflowID"], "migrate-apps-1");
    assert_eq!(outcome["state"], "Completed");
    let moved = json!([{"app": "collectd", "from": ["provider1/cluster1"], "to": ["provider2/cluster2"]}]);
    assert_eq!(outcome["apps"], moved);
    let run_id = outcome["runID"].as_str().unwrap();
    // The demo itself compares the run with Temporal's command line before it reports this.
    assert!(
        stderr.contains(&format!("Temporal's own command line reports the same of run {run_id}")),
        "{stderr}"
    );
    assert!(outcome["seconds"].as_f64().unwrap() > 0.0, "{outcome}");
    // The app moves back without downtime, after it has become ready.
    assert!(stderr.contains("started it as workflow relocate-collectd-1"), "{stderr}");
    assert!(
        stderr.contains("CheckReadinessStatus; EMCO has collectd on provider1/cluster1, provider2/cluster2"),
        "{stderr}"
    );
}

#[test]
fn a_failed_relocation_is_undone_and_reported() {
    let args = ["demo", "--once", "--json", "--fail", "readiness"];
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(args).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{stdout}\n{stderr}", output.status);

    let outcome: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&outcome["intent"], &outcome["state"]), (&json!("dig1-relocate-intent"), &json!("Failed")));
    let stayed = json!([{"app": "collectd", "from": ["provider1/cluster1"], "to": ["provider1/cluster1"]}]);
    assert_eq!(outcome["apps"], stayed);
    assert!(stderr.contains("undone: app intents"), "{stderr}");
}
