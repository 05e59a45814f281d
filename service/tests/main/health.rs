//! The checks of a process.

use std::time::Duration;

use serde_json::json;
use service::health::Health;
use service::shutdown::Shutdown;

async fn report(health: &Health) -> serde_json::Value {
    serde_json::to_value(health.report().await).unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_check_is_named_with_its_reason() {
    let shutdown = Shutdown::new(Duration::from_secs(1));
    let health = Health::new(&shutdown)
        .with_check("database", async || Ok::<(), String>(()))
        .with_check("temporal", async || Err("no connection"))
        .with_check("emco", std::future::pending::<Result<(), String>>);
    assert_eq!(
        report(&health).await,
        json!({"ready": false, "checks": [
            {"name": "database", "ready": true},
            {"name": "temporal", "ready": false, "reason": "no connection"},
            {"name": "emco", "ready": false, "reason": "no response within 2 s"},
        ]})
    );
}

#[tokio::test]
async fn a_draining_process_is_not_ready() {
    let shutdown = Shutdown::new(Duration::from_secs(1));
    let health = Health::new(&shutdown).with_check("database", async || Ok::<(), String>(()));
    assert!(health.report().await.ready);
    shutdown.drain();
    assert_eq!(report(&health).await["checks"][0]["reason"], "this process is finishing");
}
