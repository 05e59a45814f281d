//! What rules see: each kind of term on real runs.

use super::super::client::ScriptedClient;
use super::super::problem_of;
use super::*;
use reqwest::StatusCode;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_late_run_has_an_alarm_until_it_ends() {
    let scene = Scene::new("Gate").await;
    let when = json!({"all": [{"state": ["Running"]}, {"runningFor": "1s"}]});
    scene.rule("late", json!({"when": when, "then": alarm("workflowLate")})).await;
    let run = scene.start(json!({})).await;
    let fired = scene.decided("late", "Fired").await;
    assert_eq!((fired["workflowID"].as_str(), &fired["episode"]), (Some(run.as_str()), &json!(1)));
    let terms = fired["why"]["terms"].as_array().unwrap();
    assert_eq!(
        terms.iter().map(|term| (&term["term"], &term["state"])).collect::<Vec<_>>(),
        [(&json!("state Running"), &json!("Holds")), (&json!("runningFor 1s"), &json!("Holds"))]
    );
    let raised = scene.alarms("workflowLate").await;
    assert!(
        raised[0]["objectInstance"].as_str().unwrap().ends_with(&format!("Workflow={run}")),
        "{raised:?}"
    );
    assert!(raised[0]["additionalText"].as_str().unwrap().contains("is running for"), "{raised:?}");

    scene.open(&run, "done").await;
    let cleared = scene.decided("late", "Cleared").await;
    assert!(cleared["clearedAt"].as_str() > cleared["firedAt"].as_str(), "{cleared}");
    assert_eq!(scene.alarms("workflowLate").await[0]["perceivedSeverity"], "CLEARED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_does_not_last_does_nothing() {
    let scene = Scene::new("Gate").await;
    let spec = json!({"when": {"state": ["Running"]}, "for": "1h", "then": alarm("workflowLate")});
    scene.rule("patient", spec).await;
    let run = scene.start(json!({})).await;
    let pending = scene.decided("patient", "Pending").await;
    assert!(pending["firedAt"].is_null(), "{pending}");
    scene.open(&run, "done").await;
    scene.decided("patient", "Quiet").await;
    assert!(scene.alarms("workflowLate").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn failed_runs_are_seen_and_counted() {
    let scene = Scene::new("FailingActivity").await;
    let failed = json!({"when": {"state": ["Failed"]}, "then": alarm("workflowFailed")});
    scene.rule("failed", failed).await;
    let often = json!({"when": {"failures": {"atLeast": 2, "within": "1h"}}, "then": alarm("workflowStuck")});
    scene.rule("often", often).await;
    scene.start(json!({})).await;
    scene.decided("failed", "Fired").await;
    assert!(scene.turn("often").await.is_empty());
    scene.start(json!({})).await;
    eventually(SOON, "the second has failed too", async || {
        let decisions = scene.turn("failed").await;
        let states: Vec<_> = decisions.iter().map(|one| one["state"].as_str().unwrap()).collect();
        if states == ["Fired", "Fired"] { Ok(()) } else { Err(format!("{states:?}")) }
    })
    .await;
    let decision = scene.decided("often", "Fired").await;
    assert!(decision["workflowID"].is_null(), "{decision}");
    let object = scene.alarms("workflowStuck").await[0]["objectInstance"].clone();
    assert!(object.as_str().unwrap().ends_with(&format!("Intent={SAMPLE_INTENT}")), "{object}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn activities_that_are_retried_are_seen() {
    let scene = Scene::new("Retrying").await;
    let when = json!({"pendingActivity": {"type": "Fuss*", "attempt": 2, "lastFailure": "*"}});
    scene.rule("retrying", json!({"when": when, "then": alarm("activityRetriesExceeded")})).await;
    let run = scene.start(json!({"input": "1000"})).await;
    let fired = scene.decided("retrying", "Fired").await;
    assert!(fired["why"]["seen"].as_str().unwrap().contains("is at attempt"), "{fired}");
    // The failure is the workflow's: an alarm does not have it.
    let text = scene.alarms("activityRetriesExceeded").await[0]["additionalText"].clone();
    assert_eq!(text.as_str().unwrap(), fired["why"]["term"].as_str().unwrap());
    scene.temporal.cli(&["workflow", "terminate", "-w", &run]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_queue_without_workers_is_seen() {
    let scene = Scene::new("Gate").await;
    let empty = json!({"when": {"queue": {"noPollersFor": "1s"}}, "then": alarm("noWorker")});
    scene.rule("deserted", empty).await;
    let served = scene.start(json!({})).await;
    let deserted = scene.start(json!({"queue": unique("nobody")})).await;
    assert_eq!(scene.decided("deserted", "Fired").await["workflowID"], deserted.as_str());
    // Tasks of a queue with workers wait too while the machine is busy.
    scene.open(&served, "done").await;
    let old = json!({"when": {"queue": {"backlogOver": "1s"}}, "then": alarm("backlogOld")});
    scene.rule("backlog", old).await;
    let fired = eventually(SOON, "the backlog is seen", async || {
        let decisions = scene.turn("backlog").await;
        decisions.into_iter().find(|one| one["workflowID"] == deserted.as_str() && one["state"] == "Fired")
    });
    assert!(fired.await["why"]["seen"].as_str().unwrap().contains("its oldest task waits for"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_answer_of_a_workflow_is_seen() {
    let scene = Scene::new("Gate").await;
    let over = |least: f64| {
        let query = json!({"name": "echo", "args": [{"used": 37}], "pointer": "/used", "above": least});
        json!({"when": {"query": query}, "then": alarm("queryCondition")})
    };
    scene.rule("full", over(36.0)).await;
    scene.rule("not-yet", over(37.0)).await;
    let run = scene.start(json!({})).await;
    let fired = scene.decided("full", "Fired").await;
    assert_eq!((&fired["workflowID"], &fired["why"]["seen"]), (&json!(run), &json!("is 37")));
    assert!(scene.turn("not-yet").await.is_empty());
    // What the workflow answers is a payload: an alarm does not have it.
    let text = scene.alarms("queryCondition").await[0]["additionalText"].clone();
    assert_eq!(text, "query echo/used above 36");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn code_that_cannot_run_and_long_histories_are_seen() {
    let scene = Scene::new("Gate").await;
    let failing = json!({"when": {"taskFailingAttempt": 2}, "then": alarm("workflowTaskFailing")});
    scene.rule("failing", failing).await;
    scene.rule("long", json!({"when": {"historyOver": 4}, "then": alarm("historyLong")})).await;
    let broken = scene.start(json!({"kind": "NoSuchType"})).await;
    assert_eq!(scene.decided("failing", "Fired").await["workflowID"], broken.as_str());
    assert!(scene.turn("long").await.is_empty());
    let long = scene.start(json!({})).await;
    let args = ["workflow", "signal", "--name", "nothing", "-w", &long];
    scene.temporal.cli(&args).await.unwrap();
    assert_eq!(scene.decided("long", "Fired").await["workflowID"], long.as_str());
    scene.temporal.cli(&["workflow", "terminate", "-w", &broken]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_intent_that_its_client_no_longer_accepts_is_seen() {
    let scene = Scene::new("Gate").await;
    scene.rule("drift", json!({"when": {"drifted": true}, "then": alarm("intentDrifted")})).await;
    assert!(scene.turn("drift").await.is_empty());
    let mut intent = intent("gone", scene.client.port, scene.fixture.task_queue, json!({"kind": "Gate"}));
    intent["spec"]["temporal"]["workflowClientName"] = json!("no_such_client");
    assert_eq!(scene.api.post("", intent.to_string()).await.status(), 201);
    let fired = scene.decided("drift", "Fired").await;
    assert!(fired["intent"].as_str().unwrap().ends_with("/gone"), "{fired}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn times_that_a_schedule_skips_are_seen() {
    let scene = Scene::new("Gate").await;
    let when = json!({"scheduleMissed": {"name": "each-*"}});
    scene.rule("missed", json!({"when": when, "then": alarm("scheduleMissed")})).await;
    let schedule = json!({"spec": {"intervals": [{"every": "1s"}]}}).to_string();
    let put = scene.api.request(Method::PUT, &format!("/{SAMPLE_INTENT}/schedules/each-second"));
    assert_eq!(put.body(schedule).send().await.unwrap().status(), 201);
    let fired = scene.decided("missed", "Fired").await;
    assert!(fired["why"]["seen"].as_str().unwrap().contains("`each-second`"), "{fired}");
    let delete = scene.api.request(Method::DELETE, &format!("/{SAMPLE_INTENT}/schedules/each-second"));
    assert_eq!(delete.send().await.unwrap().status(), 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_intent_that_is_not_started_is_seen() {
    let scene = Scene::new("Echo").await;
    let spec = json!({"when": {"notStartedFor": "2s"}, "then": alarm("workflowLate")});
    scene.rule("idle", spec).await;
    scene.decided("idle", "Fired").await;
    scene.start(json!({})).await;
    scene.decided("idle", "Cleared").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_start_of_which_nothing_is_known_is_seen() {
    let scene = Scene::new("Gate").await;
    let spec = json!({"when": {"startUnknownFor": "1s"}, "then": alarm("startOutcomeUnknown")});
    scene.rule("unknown", spec).await;
    scene.start(json!({})).await;
    let client = ScriptedClient::start(std::future::pending::<StatusCode>).await;
    let lost = intent("lost", client.port, scene.fixture.task_queue, json!({"kind": "Gate"}));
    assert_eq!(scene.api.post("", lost.to_string()).await.status(), 201);
    problem_of(scene.api.post("/lost/start", "").await, 502, "start_outcome_unknown").await;
    let fired = scene.decided("unknown", "Fired").await;
    assert!(fired["intent"].as_str().unwrap().ends_with("/lost"), "{fired}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_term_that_cannot_be_known_does_nothing_but_an_alarm() {
    let scene = Scene::new("Gate").await;
    let spec = |name: &str| {
        let query = json!({"name": name, "args": [1], "above": 0});
        json!({"when": {"query": query}, "then": alarm("queryCondition")})
    };
    scene.rule("broken", spec("no-such-query")).await;
    scene.start(json!({})).await;
    let raised = eventually(SOON, "there is an alarm", async || {
        assert!(scene.turn("broken").await.is_empty());
        scene.alarms("ruleBroken").await.pop()
    })
    .await;
    assert!(raised["additionalText"].as_str().unwrap().contains("no-such-query"), "{raised}");
    assert!(scene.alarms("queryCondition").await.is_empty());
    scene.rule("broken", spec("echo")).await;
    scene.decided("broken", "Fired").await;
    assert_eq!(scene.alarms("ruleBroken").await[0]["perceivedSeverity"], "CLEARED");
}
