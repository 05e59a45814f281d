//! Rights change while the bridge serves.

use std::time::{Duration, Instant};

use harness::{Mount, SAMPLE_DIG, eventually, free_port, http, under_load};
use reqwest::StatusCode;
use serde_json::Value;

use crate::api::SOON;
use crate::cli::serving;

/// How soon those are out who may no longer.
const OUT: Duration = Duration::from_secs(2);

/// The file of rights.
fn file(content: &str) -> [(&'static str, &str); 1] {
    [("rights.toml", content)]
}

/// Alice may view, and the users of this list too.
fn bindings(others: &[&str]) -> String {
    let others: String = others.iter().map(|other| format!(", {{ proxyUser = \"{other}\" }}")).collect();
    format!(
        "[[binding]]\nname = \"b\"\nrole = \"viewer\"\nsubjects = [{{ proxyUser = \"alice\" }}{others}]\nscope = \"**\"\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn swapped_rights_hold_within_two_seconds_and_disturb_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let (port, mut volume) = (free_port(), Mount::new(&file(&bindings(&["bob"]))).unwrap());
    let nowhere = format!("127.0.0.1:{}", free_port());
    let mut process = serving(port, &directory.path().join("bridge.db"), &nowhere)
        .env("BRIDGE_RIGHTS", volume.path("rights.toml"))
        .spawn()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}");
    process.wait_ready(&format!("{url}/readyz")).await.unwrap();
    // Connections stay open.
    let kept = reqwest::Client::builder().no_proxy().build().unwrap();
    let list = async |user: &str| -> StatusCode {
        let request = kept.get(format!("{url}{SAMPLE_DIG}/temporal-workflow-intents"));
        request.header("x-forwarded-user", user).send().await.unwrap().status()
    };
    let ready =
        async || -> Value { http().get(format!("{url}/readyz")).send().await.unwrap().json().await.unwrap() };
    assert_eq!((list("alice").await, list("bob").await), (StatusCode::OK, StatusCode::OK));

    let swaps = async {
        for (others, expected) in [
            (&["carol"][..], StatusCode::FORBIDDEN),
            (&["bob"], StatusCode::OK),
            (&[], StatusCode::FORBIDDEN),
        ] {
            volume.swap(&file(&bindings(others))).unwrap();
            let since = Instant::now();
            eventually(SOON, "new rights", async || {
                let found = list("bob").await;
                if found == expected { Ok(()) } else { Err(found.to_string()) }
            })
            .await;
            assert!(since.elapsed() < OUT, "{:?}", since.elapsed());
        }
        // Rights that cannot be used change nothing, and are reported.
        volume.swap(&file("[[binding]]\nname = \"b\"\nrole = \"boss\"\n")).unwrap();
        let broken = eventually(SOON, "a report", async || {
            let report = ready().await;
            let checks = report["checks"].as_array().unwrap();
            let rights = checks.iter().find(|check| check["name"] == "rights").unwrap().clone();
            if rights["reason"].is_string() { Ok(rights) } else { Err(report.to_string()) }
        });
        let broken = broken.await;
        assert!(
            broken["ready"] == true && broken["reason"].as_str().unwrap().contains("rights.toml:1: "),
            "{broken}"
        );
        assert_eq!((list("alice").await, list("bob").await), (StatusCode::OK, StatusCode::FORBIDDEN));
        let metrics = http().get(format!("{url}/metrics")).send().await.unwrap().text().await.unwrap();
        assert!(metrics.contains("bridge_rights_broken 1"), "{metrics}");
        assert!(process.log().contains("a change cannot be used"), "{}", process.log());
        volume.swap(&file(&bindings(&["bob"]))).unwrap();
        eventually(SOON, "good rights", async || {
            let found = list("bob").await;
            if found == StatusCode::OK { Ok(()) } else { Err(found.to_string()) }
        })
        .await;
    };
    Box::pin(under_load(async || assert_eq!(list("alice").await, StatusCode::OK), swaps)).await;
}
