//! Rights change while the bridge serves.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use harness::{SAMPLE_DIG, eventually, free_port, http};
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::api::SOON;
use crate::cli::serving;

/// How soon those are out who may no longer.
const OUT: Duration = Duration::from_secs(2);

/// A volume as Kubernetes mounts it: the file is a link through `..data`, which is swapped.
struct Volume(TempDir);

impl Volume {
    fn new(content: &str) -> Self {
        let volume = Self(tempfile::tempdir().unwrap());
        volume.swap(1, content);
        symlink("..data/rights.toml", volume.0.path().join("rights.toml")).unwrap();
        volume
    }

    fn file(&self) -> String {
        self.0.path().join("rights.toml").to_str().unwrap().to_owned()
    }

    fn swap(&self, version: u32, content: &str) {
        let root: &Path = self.0.path();
        let folder = format!("..{version}");
        fs::create_dir(root.join(&folder)).unwrap();
        fs::write(root.join(&folder).join("rights.toml"), content).unwrap();
        symlink(&folder, root.join("..tmp")).unwrap();
        fs::rename(root.join("..tmp"), root.join("..data")).unwrap();
    }
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
    let (port, volume) = (free_port(), Volume::new(&bindings(&["bob"])));
    let nowhere = format!("127.0.0.1:{}", free_port());
    let mut process = serving(port, &directory.path().join("bridge.db"), &nowhere)
        .env("BRIDGE_RIGHTS", volume.file())
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

    let over = Arc::new(AtomicBool::new(false));
    let load = {
        let (over, kept, url) = (Arc::clone(&over), kept.clone(), url.clone());
        tokio::spawn(async move {
            let mut answers = 0;
            while !over.load(Ordering::Relaxed) {
                let request = kept.get(format!("{url}{SAMPLE_DIG}/temporal-workflow-intents"));
                let answer = request.header("x-forwarded-user", "alice").send().await.unwrap();
                assert_eq!(answer.status(), 200);
                answers += 1;
            }
            answers
        })
    };
    for (version, others, expected) in [
        (2, &["carol"][..], StatusCode::FORBIDDEN),
        (3, &["bob"], StatusCode::OK),
        (4, &[], StatusCode::FORBIDDEN),
    ] {
        volume.swap(version, &bindings(others));
        let since = Instant::now();
        eventually(SOON, "new rights", async || {
            let found = list("bob").await;
            if found == expected { Ok(()) } else { Err(found.to_string()) }
        })
        .await;
        assert!(since.elapsed() < OUT, "{:?}", since.elapsed());
    }
    // Rights that cannot be used change nothing, and are reported.
    volume.swap(5, "[[binding]]\nname = \"b\"\nrole = \"boss\"\n");
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
    volume.swap(6, &bindings(&["bob"]));
    eventually(SOON, "good rights", async || {
        let found = list("bob").await;
        if found == StatusCode::OK { Ok(()) } else { Err(found.to_string()) }
    })
    .await;
    over.store(true, Ordering::Relaxed);
    assert!(load.await.unwrap() > 0);
}
