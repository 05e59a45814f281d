//! Deliveries to receivers that fail, hang and refuse.

use std::collections::BTreeMap;

use harness::{eventually, free_port};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::receiver::{Got, Receiver, Reply, SOON};
use super::{NOW, Scene, about};

/// Returns the types of notifications by their alarms.
fn by_alarm(got: &[Got]) -> BTreeMap<String, Vec<String>> {
    let mut kinds = BTreeMap::<String, Vec<String>>::new();
    for record in got.iter().map(Got::json) {
        let [alarm, kind] =
            ["alarmId", "notificationType"].map(|name| record[name].as_str().unwrap().to_owned());
        kinds.entry(alarm).or_default().push(kind);
    }
    kinds
}

#[tokio::test]
async fn a_hundred_flaps_are_one_alarm_and_one_clear() {
    let receiver = Receiver::new(&[]).await;
    let scene = Scene::with(&receiver.target("oss", "3gpp", ""), &["--alarm-hold", "1s"]).await;
    let mut ids = Vec::new();
    for _ in 0..100 {
        ids.push(scene.raise("a").await);
        scene.clear("a").await;
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    receiver.takes(2).await;
    let kinds = by_alarm(&receiver.got());
    assert_eq!(kinds[ids[0].as_str()], ["notifyNewAlarm", "notifyClearedAlarm"]);
    let alarms = scene.get("/v2/alarms").await;
    assert_eq!(alarms.as_array().unwrap().len(), 1);
    assert_eq!(alarms[0]["perceivedSeverity"], "CLEARED");
}

#[tokio::test]
async fn what_fails_is_delivered_later_and_in_order() {
    let failures = [Reply::Status(500), Reply::Busy(1), Reply::Status(503), Reply::Status(408)];
    let receiver = Receiver::new(&failures).await;
    let scene = Scene::new(&receiver.target("oss", "3gpp", "")).await;
    let mut ids = Vec::new();
    for intent in ["a", "b", "c"] {
        ids.push(scene.raise(intent).await);
        scene.clear(intent).await;
        scene.raise(intent).await;
        scene.clear(intent).await;
    }
    let taken = receiver.takes(12).await;
    let expected = ["notifyNewAlarm", "notifyClearedAlarm", "notifyChangedAlarm", "notifyClearedAlarm"];
    for (id, kinds) in by_alarm(&taken) {
        assert!(ids.iter().any(|one| one.as_str() == id));
        assert_eq!(kinds, expected);
    }
    assert_eq!(receiver.got().len(), 16);
    eventually(SOON, "nothing is left", async || scene.get("/v2/alarm-deliveries").await == json!([])).await;
}

#[tokio::test]
async fn a_receiver_that_is_away_gets_everything_when_it_is_back() {
    let port = free_port();
    let target =
        format!("[[target]]\nname = \"oss\"\nurl = \"http://127.0.0.1:{port}/\"\nformat = \"3gpp\"\n");
    let scene = Scene::new(&target).await;
    let id = scene.raise("a").await;
    scene.clear("a").await;
    let waiting = eventually(SOON, "it was tried", async || {
        let waiting = scene.get("/v2/alarm-deliveries").await;
        (waiting[0]["attempts"].as_i64() > Some(0) && waiting[0]["error"].is_string()).then_some(waiting)
    })
    .await;
    assert_eq!(waiting.as_array().unwrap().len(), 2);
    let receiver = Receiver::on(TcpListener::bind(("127.0.0.1", port)).await.unwrap(), &[], None);
    let taken = receiver.takes(2).await;
    assert_eq!(by_alarm(&taken)[id.as_str()], ["notifyNewAlarm", "notifyClearedAlarm"]);
}

#[tokio::test]
async fn one_that_hangs_delays_no_other() {
    let (hanging, other) = (Receiver::always(Reply::Hang).await, Receiver::new(&[]).await);
    let targets = hanging.target("hanging", "3gpp", "") + &other.target("other", "3gpp", "");
    let scene = Scene::new(&targets).await;
    for number in 0..20 {
        scene.raise(&format!("i{number}")).await;
    }
    assert_eq!(other.takes(20).await.len(), 20);
    let left = scene.get("/v2/alarm-deliveries?target=hanging").await;
    assert_eq!(left.as_array().unwrap().len(), 20);
    // Its own share of calls is all that it takes up.
    assert!(hanging.got().len() <= 4);
}

#[tokio::test]
async fn what_is_refused_is_a_dead_letter_that_delays_no_other_alarm() {
    let receiver = Receiver::new(&[Reply::Status(400)]).await;
    let scene = Scene::new(&receiver.target("oss", "3gpp", "")).await;
    let refused = scene.raise("a").await;
    let letter = eventually(SOON, "there is a dead letter", async || {
        let letters = scene.get("/v2/alarm-deliveries?dead=true").await;
        letters.get(0).cloned()
    })
    .await;
    assert_eq!(letter["alarmId"], refused.as_str());
    assert_eq!(letter["error"], "the target answered 400 Bad Request");
    scene.clear("a").await;
    let other = scene.raise("b").await;
    let taken = receiver.takes(1).await;
    assert_eq!(by_alarm(&taken).keys().collect::<Vec<_>>(), [other.as_str()]);
    // Its clear waits behind it.
    let retry = format!("/v2/alarm-deliveries/{}/retry", letter["id"]);
    assert_eq!(scene.send(Method::POST, &retry, Value::Null).await.status(), 204);
    let taken = receiver.takes(3).await;
    assert_eq!(by_alarm(&taken)[refused.as_str()], ["notifyNewAlarm", "notifyClearedAlarm"]);
    let gone = scene.send(Method::POST, &retry, Value::Null).await;
    assert_eq!(gone.json::<Value>().await.unwrap()["code"], "no_such_delivery");
}

#[tokio::test]
async fn a_dead_letter_can_be_given_up() {
    let receiver = Receiver::new(&[Reply::Status(404)]).await;
    let scene = Scene::new(&receiver.target("oss", "3gpp", "")).await;
    let id = scene.raise("a").await;
    scene.clear("a").await;
    let letter = eventually(SOON, "there is a dead letter", async || {
        scene.get("/v2/alarm-deliveries?dead=true").await.get(0).cloned()
    })
    .await;
    let path = format!("/v2/alarm-deliveries/{}", letter["id"]);
    assert_eq!(scene.send(Method::DELETE, &path, Value::Null).await.status(), 204);
    let taken = receiver.takes(1).await;
    assert_eq!(by_alarm(&taken)[id.as_str()], ["notifyClearedAlarm"]);
}

#[tokio::test]
async fn targets_get_what_they_are_registered_for() {
    let (critical, failed, project) =
        (Receiver::new(&[]).await, Receiver::new(&[]).await, Receiver::new(&[]).await);
    let targets = critical.target("critical", "3gpp", "min_severity = \"CRITICAL\"")
        + &failed.target("failed", "3gpp", "causes = [\"workflowFailed\"]")
        + &project.target("project", "3gpp", "base_object_instance = \"EMCO=proj2\"");
    let scene = Scene::new(&targets).await;
    scene.raise("a").await;
    assert_eq!(failed.takes(1).await.len(), 1);
    assert_eq!((critical.got().len(), project.got().len()), (0, 0));
    // Once it is critical, what follows is sent as well, whatever its severity.
    let worse = bridge_core::model::Raised {
        severity: Some(workflow_api::alarms::PerceivedSeverity::Critical),
        ..about("a")
    };
    scene.alarms.raise(&worse).await.unwrap();
    scene.alarms.raise(&about("a")).await.unwrap();
    scene.alarms.clear(&worse.object, worse.cause, "", NOW).await.unwrap();
    let kinds: Vec<_> =
        critical.takes(3).await.iter().map(|got| got.json()["perceivedSeverity"].clone()).collect();
    assert_eq!(kinds, ["CRITICAL", "MAJOR", "CLEARED"]);
    assert_eq!(project.got().len(), 0);
}

#[tokio::test]
async fn a_webhook_is_signed() {
    let receiver = Receiver::new(&[]).await;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&secret, "0123456789abcdef\n").unwrap();
    let more = format!("secret_file = \"{}\"", secret.path().display());
    let scene = Scene::new(&receiver.target("hook", "webhook", &more)).await;
    scene.raise("a").await;
    let got = receiver.takes(1).await.remove(0);
    let signature = got.headers["emco-signature"].to_str().unwrap();
    let (time, hash) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    assert!(time.parse::<i64>().is_ok());
    assert_eq!(hash.len(), 64);
    assert!(got.headers.contains_key("emco-delivery"));
}

#[tokio::test]
async fn a_changed_file_of_targets_is_used() {
    let (first, second) = (Receiver::new(&[]).await, Receiver::new(&[]).await);
    let scene = Scene::new(&first.target("first", "3gpp", "")).await;
    let file = scene.files.path().join("notify.toml");
    std::fs::write(file, second.target("second", "cloudevents-binary", "")).unwrap();
    eventually(SOON, "the second target gets alarms", async || {
        scene.raise("a").await;
        scene.clear("a").await;
        !second.got().is_empty()
    })
    .await;
    let headers = second.takes(1).await.remove(0).headers;
    assert_eq!(headers["ce-specversion"], "1.0");
}
