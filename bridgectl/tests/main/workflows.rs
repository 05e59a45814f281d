//! `start`, `runs`, `status`, `history`, and what is done to a workflow.

use std::io::{BufRead, BufReader};
use std::process::Command;

use harness::eventually;
use serde_json::json;

use crate::scene::{SOON, Scene, ended};

#[tokio::test]
async fn a_workflow_is_started_watched_and_ended() {
    let scene = Scene::with_gate().await;
    let ctl = &scene.ctl;
    let preview = ctl.json(&["start", "gate", "--dry-run", "-p", "color=blue"]);
    assert_eq!(preview["body"]["workflowParams"]["activityParams"]["all-activities"]["color"], "blue");
    let started = ctl.ok(&["start", "gate", "-p", "color=blue", "--key", "first"]);
    assert!(started.contains("workflow gate started, run "), "{started}");
    let again = ctl.json(&["start", "gate", "-p", "color=blue", "--key", "first"]);
    assert_eq!(again["workflowID"], "gate");
    let runs = ctl.json(&["runs", "gate"]);
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
    assert!(ctl.ok(&["runs", "gate"]).contains("Running"));
    assert!(ctl.ok(&["runs", "gate", "--limit", "1", "-o", "wide"]).contains("first"));

    let status = ctl.ok(&["status", "gate", "--query", "current-state"]);
    assert!(status.contains("State     Running\n") && status.contains("\"waiting\""), "{status}");
    let described = ctl.json(&["status", "gate", "--describe"]);
    assert_eq!(described["workflowExecutionDescription"]["workflowExecutionInfo"]["type"]["name"], "gate");
    let late = ctl.fails(7, &["status", "gate", "--wait", "--timeout", "100ms"]);
    assert!(
        late.contains(
            "has not ended (Running); go on with: bridgectl status proj1/capp1/v1/dig1/gate --wait"
        ),
        "{late}"
    );

    // Numbers keep their digits, and what is not JSON is a text.
    assert!(ctl.ok(&["update", "gate", "set", "9007199254740993"]).contains("Completed"));
    assert_eq!(ctl.ok(&["query", "gate", "value"]), "Result  9007199254740993\n");
    let update = ctl.json(&["update", "gate", "set", "plain text", "--wait", "10s"]);
    assert_eq!(update["result"], json!(9_007_199_254_740_993_i64));
    assert_eq!(ctl.json(&["query", "gate", "value"])["result"], "plain text");

    ctl.ok(&["pause", "gate", "--reason", "maintenance"]);
    assert!(ctl.ok(&["status", "gate"]).contains("Paused"));
    assert_eq!(ctl.ok(&["unpause", "gate"]), "gate continues\n");
    assert!(
        ctl.ok(&["reset", "gate", "--to", "first", "-r", "again"]).contains("workflow gate runs again, run ")
    );

    let mut watch = ctl.spawn(&["status", "gate", "--watch"]);
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "gate: Running");
    assert_eq!(ctl.ok(&["signal", "gate", "open", "{\"a\": 1}", "--key", "s"]), "signal open sent to gate\n");
    let lines: Vec<_> = lines.map(Result::unwrap).collect();
    assert!(lines.iter().any(|line| line.ends_with("WORKFLOW_EXECUTION_SIGNALED  open")), "{lines:?}");
    assert_eq!(lines.last().unwrap(), "gate: Completed");
    assert_eq!(ended(watch).code, 0);
    let result = ctl.json(&["status", "gate", "--wait"]);
    assert_eq!(
        result["workflowResult"],
        json!({"value": {"a": 1}, "params": {"all-activities": {"color": "blue"}}})
    );
    let history = ctl.ok(&["history", "gate"]);
    assert!(
        history.starts_with("EVENT   TIME") && history.contains("WORKFLOW_EXECUTION_COMPLETED"),
        "{history}"
    );
    assert_eq!(ctl.ok(&["history", "gate", "--last", "2"]).lines().count(), 3);
    assert!(ctl.json(&["history", "gate"])["workflowHistory"].is_array());
}

#[tokio::test]
async fn a_wait_that_is_interrupted_leaves_the_workflow() {
    let scene = Scene::with_gate().await;
    let ctl = &scene.ctl;
    ctl.ok(&["start", "gate"]);
    let mut watch = ctl.spawn(&["status", "gate", "--watch"]);
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "gate: Running");
    let interrupted = Command::new("kill").args(["-INT", &watch.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let watch = ended(watch);
    assert_eq!(watch.code, 130, "{watch:?}");
    assert!(watch.err.contains("the workflow goes on. See: bridgectl status"), "{watch:?}");
    assert!(ctl.ok(&["status", "gate"]).contains("Running"));
}

#[tokio::test]
async fn a_terminal_shows_what_the_workflow_does() {
    let scene = Scene::with_gate().await;
    let ctl = &scene.ctl;
    let screen = || std::fs::read_to_string(ctl.home().join("screen")).unwrap_or_default();
    let mut start = ctl.at_terminal("bridgectl start gate --wait --follow > data");
    eventually(SOON, "the state is shown", async || {
        let shown = screen();
        if shown.contains("gate: Running, waiting") { Ok(()) } else { Err(shown) }
    })
    .await;
    ctl.ok(&["signal", "gate", "open"]);
    assert!(start.wait().unwrap().success(), "{}", screen());
    let shown = screen();
    assert!(shown.contains("WORKFLOW_EXECUTION_SIGNALED  open") && !shown.contains("Result"), "{shown}");
    // Data only, without a trace of what was shown.
    let data = std::fs::read_to_string(ctl.home().join("data")).unwrap();
    assert!(data.starts_with("Intent    proj1/") && data.contains("\nState     Completed\n"), "{data}");
    assert!(!data.contains('\u{1b}'), "{data}");
}

#[tokio::test]
async fn waiting_ends_as_the_workflow_does() {
    let scene = Scene::with_gate().await;
    let ctl = &scene.ctl;
    let waits =
        |id: &'static str, flag: &'static str| ctl.spawn(&["start", "gate", "--workflow-id", id, flag]);
    let until_started = async |id: &str| {
        eventually(SOON, "the workflow runs", async || {
            ctl.run(&["query", "gate", "value", "--workflow-id", id]).code == 0
        })
        .await;
    };
    let completes = waits("completes", "--wait");
    until_started("completes").await;
    ctl.ok(&["signal", "gate", "open", "--workflow-id", "completes"]);
    let completes = ended(completes);
    assert_eq!(completes.code, 0, "{completes:?}");
    assert!(completes.out.contains("State     Completed\n"), "{completes:?}");
    assert!(completes.err.contains("workflow completes started"), "{completes:?}");

    let fails = waits("fails", "--follow");
    until_started("fails").await;
    ctl.ok(&["signal", "gate", "break", "the disk is full", "--workflow-id", "fails"]);
    let fails = ended(fails);
    assert_eq!(fails.code, 6, "{fails:?}");
    assert!(fails.out.contains("Failure   the disk is full (GateBroken)\n"), "{fails:?}");
    assert!(fails.err.contains("WORKFLOW_EXECUTION_SIGNALED  break"), "{fails:?}");
    assert!(fails.err.contains("error: the workflow is Failed: the disk is full\n"), "{fails:?}");

    let cancelled = waits("cancelled", "--wait");
    until_started("cancelled").await;
    let report = ctl.ok(&["cancel", "gate", "--workflow-id", "cancelled", "--wait", "60s", "-r", "enough"]);
    assert!(report.contains("State     Canceled\n") && report.contains("Stopped   yes\n"), "{report}");
    assert_eq!(ended(cancelled).code, 6);
    ctl.ok(&["start", "gate", "--workflow-id", "terminated"]);
    ctl.ok(&["cancel", "gate", "--workflow-id", "terminated", "--escalate-after", "1h"]);
    ctl.ok(&["start", "gate", "--workflow-id", "ended"]);
    assert!(ctl.ok(&["terminate", "gate", "--workflow-id", "ended"]).contains("Terminated"));
    ctl.fails(4, &["terminate", "gate", "--workflow-id", "ended"]);
    let late = ctl.fails(7, &["start", "gate", "--workflow-id", "late", "--follow", "--timeout", "1s"]);
    assert!(late.contains("--workflow-id 'late' --wait"), "{late}");
}
