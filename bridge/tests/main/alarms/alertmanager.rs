//! A real Alertmanager.

use harness::{Process, eventually, free_port, http};
use serde_json::Value;

use super::Scene;
use super::receiver::SOON;

const NO_RECEIVER: &str = "route:\n  receiver: none\nreceivers:\n  - name: none\n";

/// Returns the alerts of an Alertmanager, with those that have ended if `ended` is set.
async fn alerts(url: &str) -> Vec<Value> {
    let answer = http().get(format!("{url}/api/v2/alerts")).send().await.unwrap();
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_real_alertmanager_takes_repeats_and_ends_alerts() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("alertmanager.yml");
    std::fs::write(&config, NO_RECEIVER).unwrap();
    let url = format!("http://127.0.0.1:{}", free_port());
    let mut alertmanager = Process::builder(harness::alertmanager().unwrap())
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", home.path().display()))
        .arg(format!("--web.listen-address={}", url.trim_start_matches("http://")))
        .arg("--cluster.listen-address=")
        .spawn()
        .unwrap();
    alertmanager.wait_ready(&format!("{url}/-/ready")).await.unwrap();
    let target = format!(
        "source = \"https://bridge.example.org\"\n[[target]]\nname = \"am\"\nurl = \"{url}/api/v2/alerts\"\n\
         format = \"alertmanager\"\nrepeat_every = \"1s\"\n"
    );
    let scene = Scene::new(&target).await;
    scene.raise("a").await;
    let alert = eventually(SOON, "the alert is there", async || alerts(&url).await.pop()).await;
    assert_eq!(alert["labels"]["alertname"], "workflowFailed");
    assert_eq!(alert["labels"]["severity"], "major");
    assert_eq!(alert["status"]["state"], "active");
    // Without repeats it would end after three seconds.
    let later = eventually(SOON, "the alert is repeated", async || {
        alerts(&url).await.pop().filter(|now| now["endsAt"] != alert["endsAt"])
    })
    .await;
    assert_eq!((&later["fingerprint"], &later["startsAt"]), (&alert["fingerprint"], &alert["startsAt"]));
    scene.clear("a").await;
    eventually(SOON, "the alert has ended", async || alerts(&url).await.is_empty()).await;
    assert_eq!(scene.get("/v2/alarm-deliveries").await, serde_json::json!([]));
}
