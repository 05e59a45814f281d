//! What rules do: each action once, also if a turn is repeated.

use bridge_core::model::WorkflowRun;
use bridge_core::ports::PauseOrder;
use workflow_api::RunId;
use workflow_api::alarms::NotificationType;

use super::*;
use crate::alarms::receiver::Receiver;

/// Holds for each run of a gate.
fn open() -> Value {
    json!({"state": ["Running"]})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_signal_is_sent_once() {
    let scene = Scene::new("Gate").await;
    let signal = json!([{"signal": {"name": "poke", "args": [1]}, "once": "Run"}]);
    scene.rule("opener", json!({"when": open(), "then": signal})).await;
    let run = scene.start(json!({})).await;
    let fired = scene.decided("opener", "Fired").await;
    assert_eq!(fired["actions"][0]["state"], "Done", "{fired}");
    for _ in 0..3 {
        scene.turn("opener").await;
    }
    let signals = scene.events(&run, "WORKFLOW_EXECUTION_SIGNALED").await;
    assert_eq!(signals.len(), 1, "{signals:?}");
    assert!(signals[0].to_string().contains("rule/proj1/opener via "), "{signals:?}");
    // A later run of the chain is the same start: it gets no signal.
    scene.open(&run, "again").await;
    eventually(SOON, "the run has continued as new", async || {
        scene.turn("opener").await;
        scene.events(&run, "WORKFLOW_EXECUTION_SIGNALED").await.is_empty().then_some(())
    })
    .await;
    scene.turn("opener").await;
    assert_eq!(scene.events(&run, "WORKFLOW_EXECUTION_SIGNALED").await.len(), 0);
    scene.open(&run, "done").await;
    scene.decided("opener", "Cleared").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn runs_are_cancelled_or_terminated_by_the_rule() {
    let scene = Scene::new("Gate").await;
    for (action, event) in
        [("cancel", "WORKFLOW_EXECUTION_CANCEL_REQUESTED"), ("terminate", "WORKFLOW_EXECUTION_TERMINATED")]
    {
        let then = json!([{action: {"reason": "it takes too long"}}]);
        scene.rule(action, json!({"when": open(), "then": then})).await;
        let run = scene.start(json!({})).await;
        eventually(SOON, "it has ended", async || {
            let decisions = scene.turn(action).await;
            let of_run = |decision: &&Value| decision["workflowID"] == run.as_str();
            decisions.iter().find(of_run).filter(|decision| decision["state"] == "Cleared").map(|_| ())
        })
        .await;
        let events = scene.events(&run, event).await;
        let text = events[0].to_string();
        assert_eq!(events.len(), 1);
        assert!(text.contains("it takes too long"), "{text}");
        let delete = format!("{}/v2/projects/{PROJECT}/workflow-rules/{action}", scene.api.url());
        assert_eq!(harness::http().delete(delete).send().await.unwrap().status(), 204);
    }
    let audit = scene.get("/v2/audit?verb=cancel").await.to_string();
    assert!(audit.contains("rule/proj1/cancel"), "{audit}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn another_intent_is_started_with_what_was_seen() {
    let scene = Scene::new("FailingActivity").await;
    scene.register("repair", "Echo").await;
    let start = json!({
        "intent": "repair",
        "start": {"activityParams": {"all-activities": {"input": "\"{{seen.workflowID}} of {{seen.intent}}\""}}}
    });
    let then = json!([{"start": start, "once": "Run"}]);
    let spec = json!({"scope": {"intent": SAMPLE_INTENT}, "when": {"state": ["Failed"]}, "then": then});
    scene.rule("repair", spec).await;
    let failed = scene.start(json!({})).await;
    let fired = scene.decided("repair", "Fired").await;
    assert_eq!(fired["actions"][0]["state"], "Done", "{fired}");
    scene.turn("repair").await;
    let runs: Value = scene.api.get("/repair/runs").await.json().await.unwrap();
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
    assert_eq!(runs[0]["startedBy"], "rule/proj1/repair");
    let status = scene.api.get("/repair/status?waitForResult=true").await;
    let result = status.json::<Value>().await.unwrap()["workflowResult"]["echo"].clone();
    assert_eq!(result, format!("{failed} of {SAMPLE_INTENT}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_notification_has_the_text_of_the_rule_and_is_delivered() {
    let (receiver, files) = (Receiver::new(&[]).await, tempfile::tempdir().unwrap());
    let targets = files.path().join("notify.toml");
    std::fs::write(&targets, receiver.target("oss", "3gpp", "")).unwrap();
    let scene = Scene::with("Gate", &["--notify", targets.to_str().unwrap()]).await;
    let then = json!([{"notify": {"text": "look at {{seen.workflowID}} in {{seen.group}}"}}]);
    scene.rule("notice", json!({"when": open(), "then": then})).await;
    let run = scene.start(json!({})).await;
    scene.decided("notice", "Fired").await;
    let notice = &scene.alarms("ruleNotice").await[0];
    assert_eq!(notice["additionalText"], format!("look at {run} in dig1"));
    assert_eq!(notice["perceivedSeverity"], "WARNING");
    let delivered = receiver.takes(1).await[0].json();
    assert_eq!(delivered["notificationType"], "notifyNewAlarm");
    for same in ["alarmId", "additionalText", "perceivedSeverity"] {
        assert_eq!(delivered[same], notice[same], "{same}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_alarm_for_which_there_is_no_room_is_raised_later() {
    let scene = Scene::with("Gate", &["--max-alarms", "1"]).await;
    scene.rule("late", json!({"when": open(), "then": alarm("workflowLate")})).await;
    let raised = scene.start(json!({})).await;
    scene.decided("late", "Fired").await;
    scene.start(json!({})).await;
    let due = eventually(SOON, "the second one is seen", async || {
        let decisions = scene.turn("late").await;
        decisions.iter().find(|one| is_due(one)).cloned().ok_or_else(|| format!("{decisions:?}"))
    })
    .await;
    assert!(due["actions"][0]["text"].as_str().unwrap().contains("BRIDGE_MAX_ALARMS"), "{due}");
    scene.open(&raised, "done").await;
    let alarm = scene.alarms("workflowLate").await.remove(0);
    let url = format!("{}/v2/alarms/{}", scene.api.url(), alarm["alarmId"].as_str().unwrap());
    let acknowledged = harness::http().patch(url).body(json!({"ackState": "ACKNOWLEDGED"}).to_string());
    assert!(acknowledged.send().await.unwrap().status().is_success());
    eventually(SOON, "the other one is raised", async || {
        (!scene.turn("late").await.iter().any(is_due)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_refused_is_shown_and_not_tried_again() {
    let scene = Scene::new("Gate").await;
    let then = json!([{"start": {"intent": "no-such-intent"}}, {"alarm": {"probableCause": "workflowLate"}}]);
    scene.rule("hopeless", json!({"when": open(), "then": then})).await;
    scene.start(json!({})).await;
    let fired = scene.decided("hopeless", "Fired").await;
    assert_eq!(fired["actions"][0]["state"], "Refused");
    assert!(fired["actions"][0]["text"].as_str().unwrap().contains("does not exist"), "{fired}");
    assert_eq!(fired["actions"][1]["state"], "Done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn turns_at_once_act_once() {
    let scene = Scene::new("Gate").await;
    scene.register("repair", "Echo").await;
    let spec = json!({"scope": {"intent": SAMPLE_INTENT}, "when": open(), "then": [{"start": {"intent": "repair"}}]});
    scene.rule("eager", spec).await;
    for _ in 0..5 {
        scene.start(json!({})).await;
    }
    let key = RuleKey::of(PROJECT, "eager");
    let turns = (0..8).map(|_| scene.app.rules.turn(&key));
    for turn in futures::future::join_all(turns).await {
        turn.unwrap();
    }
    eventually(SOON, "all are started", async || {
        let decisions = scene.turn("eager").await;
        (decisions.len() == 5 && !decisions.iter().any(is_due)).then_some(())
    })
    .await;
    let runs: Value = scene.api.get("/repair/runs").await.json().await.unwrap();
    assert_eq!(runs.as_array().unwrap().len(), 5, "{runs}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_workflow_that_flaps_a_hundred_times_is_one_alarm_and_one_clear() {
    let scene = Scene::new("Gate").await;
    let paused = json!({"when": {"state": ["Paused"]}, "clearFor": "6s", "then": alarm("workflowStuck")});
    scene.rule("paused", paused).await;
    let workflow_id = scene.start(json!({})).await.as_str().into();
    let target = crate::temporal::target(scene.temporal.address());
    let run = WorkflowRun { target, workflow_id, run_id: RunId::default() };
    let engine = &scene.fixture.engine;
    for _ in 0..100 {
        engine.pause(&run, &PauseOrder::default()).await.unwrap();
        scene.decided("paused", "Fired").await;
        engine.unpause(&run, &PauseOrder::default()).await.unwrap();
        scene.decided("paused", "Clearing").await;
    }
    let cleared = scene.decided("paused", "Cleared").await;
    assert_eq!(cleared["episode"], 1, "{cleared}");
    let notifications = scene.api.parts.store.notifications(0, 1000).await.unwrap();
    let kinds: Vec<_> = notifications.iter().map(|kept| kept.notification.kind).collect();
    assert_eq!(kinds, [NotificationType::NewAlarm, NotificationType::ClearedAlarm]);
}
