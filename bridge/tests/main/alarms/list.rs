//! `/v2/alarms`.

use bridge_core::model::{AlarmObject, ProbableCause, Raised};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Scene, about, redacted};

fn ids(alarms: &Value) -> Vec<&str> {
    alarms.as_array().unwrap().iter().map(|alarm| alarm["alarmId"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_alarm_is_shown_in_the_words_of_the_standard() {
    let scene = Scene::new("source = \"https://bridge.example.org/\"").await;
    let id = scene.raise("a").await;
    let alarm = scene.get(&format!("/v2/alarms/{}", id.as_str())).await;
    insta::assert_json_snapshot!(redacted(
        alarm.clone(),
        &[
            "/alarmId",
            "/alarmRaisedTime",
            "/lastNotificationHeader/eventTime",
            "/lastNotificationHeader/href"
        ]
    ));
    let href = alarm["lastNotificationHeader"]["href"].as_str().unwrap();
    assert_eq!(href, format!("https://bridge.example.org/FaultSupervisionMnS/v1/alarms/{}", id.as_str()));
}

#[tokio::test]
async fn alarms_are_listed_by_each_filter() {
    let scene = Scene::new("").await;
    let a = scene.raise("a").await;
    let b = scene.raise("b").await;
    let away = Raised::new(AlarmObject::bridge(), ProbableCause::TemporalUnavailable, "away");
    let away = scene.alarms.raise(&away).await.unwrap();
    scene.clear("a").await;
    let (a, b, away) = (a.as_str(), b.as_str(), away.as_str());
    for (query, expected) in [
        ("", vec![away, b, a]),
        ("?alarmAckState=ALL_ACTIVE_ALARMS", vec![away, b]),
        ("?alarmAckState=ALL_CLEARED_AND_UNACKNOWLEDGED_ALARMS", vec![a]),
        ("?perceivedSeverity=CRITICAL", vec![away]),
        ("?probableCause=workflowFailed", vec![b, a]),
        ("?scope=proj1/capp1/v1/dig1", vec![b, a]),
        ("?scope=proj1/capp1/v1/dig1/b", vec![b]),
        ("?baseObjectInstance=EMCO%3Dproj1", vec![b, a]),
        ("?baseObjectInstance=EMCOBridge%3Dbridge", vec![away]),
    ] {
        assert_eq!(ids(&scene.get(&format!("/v2/alarms{query}")).await), expected, "{query}");
    }
    let counts = scene.get("/v2/alarms/counts").await;
    let expected = json!({
        "criticalCount": 1, "majorCount": 1, "minorCount": 0, "warningCount": 0, "indeterminateCount": 0, "clearedCount": 1,
    });
    assert_eq!(counts, expected);
    for query in ["alarmAckState=all", "probableCause=x", "scope=a/b", "scope=a/b/c/d&baseObjectInstance=x"] {
        let refused = scene.send(Method::GET, &format!("/v2/alarms?{query}"), Value::Null).await;
        assert_eq!(refused.status(), 400, "{query}");
    }
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    let scene = Scene::new("").await;
    let mut raised = Vec::new();
    for number in 0..5 {
        raised.insert(0, scene.raise(&format!("i{number}")).await.as_str().to_owned());
    }
    let (mut found, mut path) = (Vec::new(), "/v2/alarms?limit=2".to_owned());
    loop {
        let page = scene.send(Method::GET, &path, Value::Null).await;
        let next = page.headers().get("continue").map(|token| token.to_str().unwrap().to_owned());
        found.extend(ids(&page.json().await.unwrap()).into_iter().map(str::to_owned));
        let Some(next) = next else { break };
        path = format!("/v2/alarms?limit=2&continue={next}");
    }
    assert_eq!(found, raised);
}

#[tokio::test]
async fn an_alarm_leaves_when_it_is_cleared_and_acknowledged() {
    let scene = Scene::new("").await;
    let id = scene.raise("a").await;
    let path = format!("/v2/alarms/{}", id.as_str());
    let patch = async |body: Value| scene.send(Method::PATCH, &path, body).await;
    let acknowledged = patch(json!({"ackState": "ACKNOWLEDGED"})).await;
    assert_eq!(acknowledged.status(), 200);
    let acknowledged: Value = acknowledged.json().await.unwrap();
    assert_eq!(
        (&acknowledged["ackState"], &acknowledged["ackUserId"]),
        (&json!("ACKNOWLEDGED"), &json!("anonymous"))
    );
    let withdrawn = patch(json!({"ackState": "UNACKNOWLEDGED", "ackUserId": "eve"})).await;
    let withdrawn: Value = withdrawn.json().await.unwrap();
    assert_eq!((&withdrawn["ackUserId"], &withdrawn["ackSystemId"]), (&json!("eve"), &json!("anonymous")));
    let comment = json!({"commentText": "at noon"});
    let comment = scene.send(Method::POST, &format!("{path}/comments"), comment).await;
    assert_eq!(
        (comment.status().as_u16(), &comment.headers()["location"]),
        (201, &format!("{path}/comments/1").parse().unwrap())
    );
    assert_eq!(scene.get(&path).await["comments"]["1"]["commentText"], "at noon");
    let cleared: Value = patch(json!({"perceivedSeverity": "CLEARED"})).await.json().await.unwrap();
    assert_eq!(
        (&cleared["perceivedSeverity"], &cleared["clearUserId"]),
        (&json!("CLEARED"), &json!("anonymous"))
    );
    assert_eq!(patch(json!({"ackState": "ACKNOWLEDGED"})).await.status(), 200);
    let gone = scene.send(Method::GET, &path, Value::Null).await;
    assert_eq!(gone.json::<Value>().await.unwrap()["code"], "no_such_alarm");
    // The condition is seen again.
    assert_ne!(scene.raise("a").await, id);
}

#[tokio::test]
async fn a_change_that_is_not_valid_is_refused() {
    let scene = Scene::new("").await;
    let id = scene.alarms.raise(&about("a")).await.unwrap();
    let path = format!("/v2/alarms/{}", id.as_str());
    for (body, fault) in [
        (json!({}), "$"),
        (json!({"ackState": "ACKNOWLEDGED", "perceivedSeverity": "CLEARED"}), "$"),
        (json!({"perceivedSeverity": "MAJOR"}), "$.perceivedSeverity"),
        (json!({"ackState": "yes"}), "$.ackState"),
    ] {
        let refused = scene.send(Method::PATCH, &path, body.clone()).await;
        assert_eq!(refused.status(), 422, "{body}");
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["faults"][0]["path"], fault, "{body}: {problem}");
    }
    let unknown = scene.send(Method::PATCH, &path, json!({"ackstate": "ACKNOWLEDGED"})).await;
    assert_eq!(unknown.status(), 422);
    assert_eq!(scene.get(&path).await["ackState"], "UNACKNOWLEDGED");
}

#[tokio::test]
async fn each_change_has_its_event() {
    let scene = Scene::new("").await;
    let id = scene.raise("a").await;
    let path = format!("/v2/alarms/{}", id.as_str());
    // What changes nothing is no event.
    scene.raise("a").await;
    for _ in 0..2 {
        scene.send(Method::PATCH, &path, json!({"ackState": "ACKNOWLEDGED"})).await;
    }
    scene.clear("a").await;
    let events = scene.get("/v2/audit?object=proj1/capp1/v1/dig1/a").await;
    let events: Vec<_> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (&event["verb"], &event["object"]["alarmID"]))
        .collect();
    let id = json!(id.as_str());
    let verbs = ["clear-alarm", "acknowledge-alarm", "raise-alarm"].map(|verb| json!(verb));
    assert_eq!(events, verbs.iter().map(|verb| (verb, &id)).collect::<Vec<_>>());
}
