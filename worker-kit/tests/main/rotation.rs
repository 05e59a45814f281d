//! Workers go on when their credentials for Temporal are replaced.

use std::fs;
use std::path::Path;

use futures::future::{join_all, try_join_all};
use harness::{Guard, TemporalServer, under_load};
use serde_json::json;
use temporal::{TemporalConnection, TemporalSettings, Worker};
use temporalio_common::telemetry::TelemetryOptions;
use tokio::sync::watch;

use crate::heartbeats::lives_on;
use crate::scene::{Scene, end};

const QUEUES: [&str; 3] = ["rotated-a", "rotated-b", "rotated-c"];

fn connection(mut variables: Vec<(String, String)>) -> TemporalConnection {
    // No profile of this machine.
    variables.push(("TEMPORAL_CONFIG_FILE".to_owned(), "/dev/null".to_owned()));
    TemporalConnection::new(TemporalSettings::default().target_in(variables.into_iter().collect()).unwrap())
}

/// Returns a connection with copies of the files as they are now.
fn frozen(mut variables: Vec<(String, String)>, folder: &Path) -> TemporalConnection {
    for value in variables.iter_mut().map(|(_, value)| value).filter(|value| Path::new(value).is_file()) {
        let copy = folder.join(Path::new(value).file_name().unwrap());
        fs::copy(&value, &copy).unwrap();
        *value = copy.display().to_string();
    }
    connection(variables)
}

#[tokio::test]
async fn workers_on_one_connection_take_each_new_credential_and_interrupt_nothing() {
    let server = TemporalServer::shared().await.unwrap();
    let mut guard = Guard::start(server.address()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let former = frozen(guard.variables(), folder.path());
    former.check().await.unwrap();
    let connection = connection(guard.variables());
    let client = connection.client().await.unwrap();

    let scenes = join_all(QUEUES.map(Scene::new)).await;
    let (stop, stopped) = watch::channel(false);
    let workers = scenes.iter().map(async |scene| {
        let telemetry = TelemetryOptions::builder().build();
        let worker = Worker::new(&connection, client.clone(), scene.options(), telemetry, None).unwrap();
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
            former.check().await.unwrap_err();
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
