//! Workers go on when their credentials for Temporal are replaced.

use futures::future::{join_all, try_join_all};
use harness::{Guard, TemporalServer, under_load};
use serde_json::json;
use temporal::{TemporalConnection, TemporalSettings, Worker};
use temporalio_common::telemetry::TelemetryOptions;
use tokio::sync::watch;

use crate::heartbeats::lives_on;
use crate::scene::{Scene, end};

const QUEUES: [&str; 3] = ["rotated-a", "rotated-b", "rotated-c"];

#[tokio::test]
async fn workers_on_one_connection_take_each_new_credential_and_interrupt_nothing() {
    let server = TemporalServer::shared().await.unwrap();
    let mut guard = Guard::start(server.address()).await.unwrap();
    let mut environment = guard.variables();
    // No profile of this machine.
    environment.push(("TEMPORAL_CONFIG_FILE".to_owned(), "/dev/null".to_owned()));
    let target = TemporalSettings::default().target_in(environment.into_iter().collect()).unwrap();
    let connection = TemporalConnection::new(target);
    let client = connection.client().await.unwrap();

    let scenes = join_all(QUEUES.map(Scene::new)).await;
    let (stop, stopped) = watch::channel(false);
    let workers = scenes.iter().map(async |scene| {
        let telemetry = TelemetryOptions::builder().build();
        let worker = Worker::new(&connection, client.clone(), scene.options(), telemetry).unwrap();
        let mut stopped = stopped.clone();
        worker
            .run(async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            })
            .await
    });
    let play = async {
        let lasting =
            json!({"StartToCloseTimeout": 300_000_000_000_u64, "HeartbeatTimeout": 10_000_000_000_u64});
        let lasting = join_all(scenes.iter().map(|scene| scene.planned("lasts", lasting.clone()))).await;
        for _ in 0..3 {
            let rotated = under_load(async || connection.check().await.unwrap(), guard.rotate());
            Box::pin(rotated).await.0.unwrap();
            for scene in &scenes {
                assert_eq!(end(&scene.unplanned("done", json!({})).await).await.unwrap(), "done");
            }
        }
        for run in &lasting {
            lives_on(run).await;
        }
        stop.send_replace(true);
    };
    let (ended, ()) = tokio::join!(try_join_all(workers), play);
    ended.unwrap();
}
