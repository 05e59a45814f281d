//! Rehearsals: what a rule would have done.

use super::*;

impl Scene {
    async fn rehearse(&self, rule: &str, spec: Option<&Value>) -> Value {
        let url = format!("{}/v2/projects/{PROJECT}/workflow-rules/{rule}/rehearse", self.api.url());
        let body = spec.map(|spec| json!({"metadata": {"name": rule}, "spec": spec}).to_string());
        let answer = harness::http().post(url).body(body.unwrap_or_default()).send().await.unwrap();
        let status = answer.status();
        assert_eq!(status, 200, "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }
}

/// What a decision is about, and what was decided, without times.
fn essence(decision: &Value) -> Value {
    let mut terms = decision["why"].clone();
    forget_ages(&mut terms);
    let actions: Vec<_> =
        decision["actions"].as_array().unwrap().iter().map(|a| a["action"].clone()).collect();
    json!([decision["workflowID"], decision["episode"], decision["state"], terms, actions])
}

/// Leaves out what was seen at another time.
fn forget_ages(term: &mut Value) {
    if term["term"].as_str().unwrap().starts_with("runningFor") {
        term["seen"] = Value::Null;
    }
    for term in term["terms"].as_array_mut().into_iter().flatten() {
        forget_ages(term);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_rehearsal_repeats_what_was_decided() {
    let scene = Scene::new("Gate").await;
    let when = json!({"all": [
        {"any": [{"state": ["Failed"]}, {"runningFor": "2s"}]},
        {"not": {"historyOver": 1000}},
    ]});
    scene.rule("mixed", json!({"when": when, "for": "1s", "then": alarm("workflowLate")})).await;
    let (late, failing) = (scene.start(json!({})).await, scene.start(json!({})).await);
    scene.start(json!({"kind": "Echo"})).await;
    // A rule that looks at less does not spoil what this one has seen.
    let states = json!({"when": {"state": ["Canceled"]}, "then": alarm("workflowFailed")});
    scene.rule("states", states).await;
    scene.turn("states").await;
    scene.turn("mixed").await;
    scene.open(&failing, "fail").await;
    let live = eventually(SOON, "both are decided", async || {
        scene.turn("states").await;
        let mut decisions = scene.turn("mixed").await;
        decisions.retain(|decision| decision["state"] != "Quiet" && decision["state"] != "Pending");
        (decisions.len() == 2).then_some(decisions)
    })
    .await;
    assert!(live.iter().any(|decision| decision["workflowID"] == late.as_str()), "{live:?}");
    let rehearsed = scene.rehearse("mixed", None).await;
    assert_eq!(rehearsed["undecided"], json!([]));
    let sorted = |decisions: &[Value]| {
        let mut all: Vec<_> = decisions.iter().map(|decision| essence(decision).to_string()).collect();
        all.sort();
        all
    };
    assert_eq!(sorted(rehearsed["decisions"].as_array().unwrap()), sorted(&live));
    // Nothing was done.
    assert_eq!(scene.alarms("workflowLate").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn histories_show_runs_that_no_rule_has_watched() {
    let scene = Scene::new("Gate").await;
    let run = scene.start(json!({})).await;
    scene.open(&run, "fail").await;
    eventually(SOON, "it has failed", async || {
        let failed = scene
            .rehearse(
                "failed",
                Some(&json!({"when": {"state": ["Failed"]}, "then": alarm("workflowFailed")})),
            )
            .await;
        let decisions = failed["decisions"].as_array().unwrap();
        (decisions.len() == 1 && decisions[0]["workflowID"] == run.as_str()).then_some(())
    })
    .await;
    let asks =
        json!({"when": {"all": [{"historyOver": 1}, {"drifted": true}]}, "then": alarm("intentDrifted")});
    let open = scene.start(json!({})).await;
    let about = eventually(SOON, "the run is listed", async || {
        let rehearsed = scene.rehearse("asks", Some(&asks)).await;
        let mut undecided = rehearsed["undecided"].as_array().unwrap().iter();
        undecided.find(|one| one["workflowID"] == open.as_str()).cloned()
    })
    .await;
    let term = &about["why"]["terms"][1];
    assert_eq!((&term["state"], &term["seen"]), (&json!("Unknown"), &json!("no history shows this")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_rule_with_faults_is_not_rehearsed() {
    let scene = Scene::new("Echo").await;
    let url = format!("{}/v2/projects/{PROJECT}/workflow-rules/bad/rehearse", scene.api.url());
    let body = json!({"metadata": {"name": "bad"}, "spec": {"when": {}, "then": []}}).to_string();
    let refused = harness::http().post(url).body(body).send().await.unwrap();
    assert_eq!(refused.status(), 422);
    let unknown = format!("{}/v2/projects/{PROJECT}/workflow-rules/unknown/rehearse", scene.api.url());
    assert_eq!(harness::http().post(unknown).send().await.unwrap().status(), 404);
}
