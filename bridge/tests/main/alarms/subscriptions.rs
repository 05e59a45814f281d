//! Subscriptions to notifications.

use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{Scene, redacted};

#[tokio::test]
async fn a_subscriber_gets_notifications_until_it_unsubscribes() {
    let receiver = Receiver::new(&[]).await;
    let scene = Scene::new("consumers = \"127.0.0.1\"").await;
    scene.raise("before").await;
    let reference = format!("http://127.0.0.1:{}/alarms", receiver.port);
    let made = scene
        .send(
            Method::POST,
            "/FaultSupervisionMnS/v1/subscriptions",
            json!({"consumerReference": reference, "timeTick": 60}),
        )
        .await;
    assert_eq!(made.status(), 201);
    let location = made.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(made.json::<Value>().await.unwrap(), json!({"consumerReference": reference, "timeTick": 60}));
    let id = scene.raise("a").await;
    let notification = receiver.takes(1).await.remove(0).json();
    assert_eq!(notification["alarmId"], id.as_str());
    let unstable = ["/alarmId", "/href", "/eventTime", "/notificationId"];
    insta::assert_json_snapshot!(redacted(notification, &unstable));
    let listed = scene.get("/v2/alarm-subscriptions").await;
    assert_eq!(listed[0]["createdBy"], "anonymous");
    assert!(location.ends_with(listed[0]["id"].as_str().unwrap()));
    assert_eq!(scene.send(Method::DELETE, &location, Value::Null).await.status(), 204);
    assert_eq!(scene.send(Method::DELETE, &location, Value::Null).await.status(), 404);
    scene.raise("after").await;
    assert_eq!(scene.get("/v2/alarm-deliveries").await, json!([]));
    assert_eq!(receiver.got().len(), 1);
}

#[tokio::test]
async fn only_registered_consumers_can_be_subscribed() {
    let scene = Scene::new("consumers = \"*.oss.example.org:443\"").await;
    for (reference, status) in [
        ("https://a.oss.example.org/alarms", 201),
        ("http://a.oss.example.org/alarms", 422),
        ("https://user:word@a.oss.example.org/", 422),
        ("https://elsewhere.example.org/", 422),
        ("http://169.254.169.254/", 422),
        ("ftp://a.oss.example.org/", 422),
        ("alarms", 422),
        ("", 422),
    ] {
        let made = scene
            .send(Method::POST, "/v2/alarm-subscriptions", json!({"consumerReference": reference}))
            .await;
        assert_eq!(made.status(), status, "{reference}");
    }
    let filtered = json!({"consumerReference": "https://a.oss.example.org/", "filter": "//x"});
    let refused = scene.send(Method::POST, "/v2/alarm-subscriptions", filtered).await;
    assert_eq!(refused.json::<Value>().await.unwrap()["faults"][0]["path"], "$.filter");
}
