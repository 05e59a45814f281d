//! `schedule`, `rule`, `alarm`, `audit`: an administrator's supervision.

use harness::eventually;
use serde_json::json;

use crate::scene::{GROUP, SOON, Scene, ended};

#[tokio::test]
async fn schedules_are_controlled() {
    let scene = Scene::with_gate().await;
    let ctl = &scene.ctl;
    let spec = json!({"metadata": {"name": "nightly"}, "spec": {"crons": ["30 2 * * 1-5"], "start": {"workflowID": "gate-{{uuid}}"}}});
    let file = ctl.file("nightly.json", &spec.to_string());
    ctl.fails(1, &["apply", "-f", &file]);
    assert_eq!(
        ctl.ok(&["apply", "-f", &file, "--intent", "gate"]),
        format!("schedule {GROUP}/gate/nightly created\n")
    );
    assert!(ctl.ok(&["schedule", "get", "gate"]).contains("30 2 * * 1-5"));
    assert_eq!(ctl.json(&["schedule", "get", "gate", "nightly"])["metadata"]["name"], "nightly");
    let status = eventually(SOON, "Temporal has the schedule", async || {
        let ran = ctl.run(&["schedule", "status", "gate", "nightly"]);
        if ran.out.contains("active") { Ok(ran.out) } else { Err(format!("{ran:?}")) }
    });
    assert!(status.await.contains("0 started, 0 missed"), "the counts are shown");
    assert_eq!(ctl.ok(&["schedule", "preview", "gate", "nightly", "--limit", "3"]).lines().count(), 4);
    ctl.ok(&["schedule", "pause", "gate", "nightly", "-r", "holidays"]);
    let paused = ctl.ok(&["schedule", "status", "gate", "nightly"]);
    assert!(paused.contains("Paused") && paused.contains("holidays"), "{paused}");
    ctl.ok(&["schedule", "resume", "gate", "nightly"]);
    assert_eq!(
        ctl.ok(&["schedule", "trigger", "gate", "nightly", "--key", "once"]),
        "schedule nightly triggered\n"
    );
    eventually(SOON, "the schedule has started the intent", async || {
        ctl.json(&["runs", "gate"]).as_array().is_some_and(|runs| !runs.is_empty())
    })
    .await;
    let range = ["--from", "2026-01-05T00:00:00Z", "--to", "2026-01-06T00:00:00Z", "--overlap"];
    ctl.ok(&[&["schedule", "backfill", "gate", "nightly"], &range[..], &["BufferAll"]].concat());
    ctl.fails(2, &[&["schedule", "backfill", "gate", "nightly"], &range[..], &["Sometimes"]].concat());
    assert!(ctl.ok(&["schedule", "history", "gate", "nightly"]).contains("created"));
    assert_eq!(ctl.ok(&["schedule", "delete", "gate", "nightly"]), "schedule nightly deleted\n");
}

#[tokio::test]
async fn a_rule_raises_an_alarm_that_is_settled() {
    let scene = Scene::with_gate().await;
    let ctl = &scene.ctl;
    let rule = json!({"metadata": {"name": "ended"}, "spec": {
        "when": {"state": ["Terminated"]}, "every": "10s", "then": [{"alarm": {"probableCause": "workflowFailed"}}],
    }});
    let file = ctl.file("rule.json", &rule.to_string());
    let all = ctl.file(
        "all.yaml",
        "resourceContext: {anchor: workflow-rules}\nmetadata: {name: all}\nspec: {when: {runningFor: 30m}, then: [{notify: {text: late}}]}\n",
    );
    let rehearsed = ctl.ok(&["rule", "rehearse", "-f", &file]);
    assert!(rehearsed.starts_with("rule proj1/ended: looked at "), "{rehearsed}");
    ctl.ok(&["apply", "-f", &file, "-f", &all]);
    assert_eq!(ctl.ok(&["rule", "get", "-o", "name"]), "ended\n");
    assert_eq!(ctl.ok(&["rule", "get", "--over-all", "-o", "name"]), "all\n");
    assert_eq!(ctl.json(&["rule", "get", "*/all"])["metadata"]["name"], "all");
    assert!(ctl.ok(&["rule", "history", "*/all"]).contains("created"));
    ctl.ok(&["rule", "rehearse", "*/all"]);
    ctl.ok(&["rule", "decisions", "*/all"]);
    assert_eq!(ctl.ok(&["rule", "delete", "*/all"]), "rule */all deleted\n");

    let watch = ctl.spawn(&["alarm", "watch", "--count", "1", "--scope", GROUP]);
    ctl.ok(&["start", "gate"]);
    ctl.ok(&["terminate", "gate", "--reason", "a test"]);
    let alarm = eventually(SOON, "the rule raises an alarm", async || {
        ctl.ok(&["alarm", "list", "-o", "name"]).lines().next().map(str::to_owned)
    });
    let alarm = alarm.await;
    let watch = ended(watch);
    assert!(watch.out.contains("NewAlarm  MAJOR  workflowFailed"), "{watch:?}");
    assert!(ctl.ok(&["rule", "decisions", "ended"]).contains("Fired"));
    assert!(ctl.ok(&["rule", "rehearse", "ended", "-o", "json"]).starts_with('{'));
    assert!(ctl.ok(&["alarm", "list", "--severity", "MAJOR", "--scope", GROUP]).contains("workflowFailed"));
    assert!(ctl.ok(&["alarm", "count"]).contains("Major          1\n"));
    ctl.ok(&["alarm", "comment", &alarm, "on my way"]);
    ctl.ok(&["alarm", "ack", &alarm]);
    let shown = ctl.ok(&["alarm", "get", &alarm]);
    assert!(shown.contains("on my way") && shown.contains("What to do    Read the failure"), "{shown}");
    assert_eq!(ctl.json(&["alarm", "unack", &alarm])["ackState"], "UNACKNOWLEDGED");
    assert_eq!(ctl.json(&["alarm", "clear", &alarm])["perceivedSeverity"], "CLEARED");
    assert_eq!(ctl.ok(&["alarm", "list", "-o", "name"]), "");
    assert_eq!(ctl.ok(&["alarm", "list", "--all", "-o", "name"]), format!("{alarm}\n"));

    assert!(
        ctl.ok(&["audit", "list", "--verb", "terminate", "--limit", "5"]).contains(&format!("{GROUP}/gate"))
    );
    let events = ctl.ok(&["audit", "export", "--object", "proj1"]);
    for event in events.lines() {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        assert!(event["number"].is_i64(), "{event}");
    }
    assert!(events.lines().count() > 4, "{events}");
}
