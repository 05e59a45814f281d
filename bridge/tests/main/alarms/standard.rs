//! The base path of 3GPP TS 28.532.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Scene, redacted};

const BASE: &str = "/FaultSupervisionMnS/v1";

#[tokio::test]
async fn alarms_are_a_map_by_their_ids() {
    let scene = Scene::new("").await;
    let id = scene.raise("a").await;
    let comment = json!({"commentUserId": "eve", "commentText": "at noon"});
    let path = format!("{BASE}/alarms/{}", id.as_str());
    let comment = scene.send(Method::POST, &format!("{path}/comments"), comment).await;
    assert_eq!(comment.status(), 201);
    assert_eq!(comment.headers()["location"], format!("{path}/comments/1"));
    let ack = json!({"ackUserId": "eve", "ackSystemId": "oss", "ackState": "ACKNOWLEDGED"});
    assert_eq!(scene.send(Method::PATCH, &path, ack).await.status(), 204);
    let mut alarms =
        scene.get(&format!("{BASE}/alarms?alarmAckState=ALL_ACTIVE_AND_ACKNOWLEDGED_ALARMS")).await;
    let alarm = alarms.as_object_mut().unwrap().remove(id.as_str()).unwrap();
    assert_eq!(alarms, json!({}));
    let header = "/lastNotificationHeader";
    insta::assert_json_snapshot!(redacted(
        alarm,
        &[
            "/alarmRaisedTime",
            "/ackTime",
            "/comments/1/commentTime",
            "/notificationId",
            &format!("{header}/eventTime"),
            &format!("{header}/href"),
            &format!("{header}/notificationId"),
        ]
    ));
    insta::assert_json_snapshot!("alarm_count", scene.get(&format!("{BASE}/alarms/alarmCount")).await);
}

#[tokio::test]
async fn several_alarms_are_changed_at_once() {
    let scene = Scene::new("").await;
    let (a, b) = (scene.raise("a").await, scene.raise("b").await);
    let clear = json!({"clearUserId": "eve", "perceivedSeverity": "CLEARED"});
    let path = format!("{BASE}/alarms");
    let all = scene.send(Method::PATCH, &path, json!({a.as_str(): clear, b.as_str(): clear})).await;
    assert_eq!(all.status(), 204);
    let some = scene.send(Method::PATCH, &path, json!({a.as_str(): clear, "absent": clear})).await;
    assert_eq!(some.status(), 409);
    let failed: Value = some.json().await.unwrap();
    assert_eq!((failed.as_array().unwrap().len(), &failed[0]["alarmId"]), (1, &json!("absent")));
    assert!(failed[0]["failureReason"].as_str().unwrap().contains("no alarm"));
}

#[tokio::test]
async fn errors_have_the_member_of_the_standard() {
    let scene = Scene::new("").await;
    let id = scene.raise("a").await;
    let path = format!("{BASE}/alarms/{}", id.as_str());
    // The standard requires the user.
    for (path, body) in [
        (path.as_str(), json!({"ackState": "ACKNOWLEDGED"})),
        (path.as_str(), json!({"perceivedSeverity": "CLEARED"})),
        (&format!("{BASE}/alarms/absent"), json!({"ackUserId": "eve", "ackState": "ACKNOWLEDGED"})),
    ] {
        let refused = scene.send(Method::PATCH, path, body).await;
        assert!(refused.status().is_client_error());
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["error"]["errorInfo"], problem["detail"], "{problem}");
    }
    let filtered = scene.send(Method::GET, &format!("{BASE}/alarms?filter=x"), Value::Null).await;
    assert_eq!(filtered.json::<Value>().await.unwrap()["parameter"], "filter");
}
