//! Alarms that the bridge raises by itself, and replicas.

use futures::future::join_all;
use harness::PostgreSql;
use serde_json::json;

use super::Scene;
use super::receiver::{Receiver, SOON};

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
    harness::eventually(SOON, "nothing is left", async || two.get("/v2/alarm-deliveries").await == json!([]))
        .await;
    assert_eq!(receiver.got().len(), 2);
    assert_eq!(one.get("/v2/alarms").await, two.get("/v2/alarms").await);
}
