//! Alarms that the bridge raises by itself, and replicas.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bridge_core::App;
use bridge_core::model::BRIDGE_DN;
use futures::future::join_all;
use harness::{PostgreSql, eventually, http};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Scene;
use super::receiver::{Receiver, SOON};
use crate::api::{Api, ScriptedEngine};

#[tokio::test]
async fn temporal_that_is_away_is_one_alarm_until_it_is_back() {
    let away = Arc::new(AtomicBool::new(true));
    let api = Api::on_engine_with(ScriptedEngine::away_while(Arc::clone(&away)), &[]).await;
    let mut parts = api.parts().clone();
    (parts.alarms.probe, parts.alarms.away) = (Duration::from_millis(10), Duration::from_millis(100));
    parts.alarms.hold = SignedDuration::ZERO;
    // Two replicas see it.
    for _ in 0..2 {
        let alarms = App::new(&parts).alarms;
        tokio::spawn(async move { alarms.keep().await });
    }
    let listed = async || -> Value {
        let url = format!("{}/v2/alarms", api.url());
        http().get(url).send().await.unwrap().json().await.unwrap()
    };
    let raised = eventually(SOON, "it is raised", async || listed().await.get(0).cloned()).await;
    assert_eq!(
        (&raised["probableCause"], &raised["objectInstance"]),
        (&json!("temporalUnavailable"), &json!(BRIDGE_DN))
    );
    away.store(false, Ordering::SeqCst);
    let cleared = eventually(SOON, "it is cleared", async || {
        let listed = listed().await;
        (listed[0]["perceivedSeverity"] == "CLEARED").then_some(listed)
    })
    .await;
    assert_eq!((cleared.as_array().unwrap().len(), &cleared[0]["alarmId"]), (1, &raised["alarmId"]));
}

#[tokio::test]
async fn replicas_make_one_alarm_and_deliver_each_notification_once() {
    let receiver = Receiver::new(&[]).await;
    let database = PostgreSql::shared().await.unwrap().database().await.unwrap();
    let (targets, flags) = (receiver.target("oss", "3gpp", ""), ["--database", database.as_str()]);
    let (one, two) = (Scene::with(&targets, &flags).await, Scene::with(&targets, &flags).await);
    let raises = [&one, &two].into_iter().cycle().take(20).map(|scene| scene.raise("a"));
    let mut ids = join_all(raises).await;
    ids.dedup();
    assert_eq!(ids.len(), 1);
    join_all([&one, &two].into_iter().cycle().take(10).map(|scene| scene.clear("a"))).await;
    receiver.takes(2).await;
    eventually(SOON, "nothing is left", async || two.get("/v2/alarm-deliveries").await == json!([])).await;
    assert_eq!(receiver.got().len(), 2);
    assert_eq!(one.get("/v2/alarms").await, two.get("/v2/alarms").await);
}
