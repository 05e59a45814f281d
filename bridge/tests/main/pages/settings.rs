//! The page of the settings.

use harness::{free_port, http};

use super::Scene;
use super::audit::{administered, is_refused};
use crate::cli::serving;

/// What a secret has in it in a test.
const MARKER: &str = "hush-7391";

#[tokio::test]
async fn no_secret_is_shown() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let bridge = serving(port, &folder.path().join(MARKER), "127.0.0.1:7233");
    let secrets = [
        ("TEMPORAL_API_KEY", MARKER.to_owned()),
        ("TEMPORAL_GRPC_META_PASS", MARKER.to_owned()),
        ("BRIDGE_AUDIT_WEBHOOK", format!("http://127.0.0.1:{}/{MARKER}", free_port())),
        ("BRIDGE_TEMPORAL_UI_URL", format!("http://ui:{MARKER}@127.0.0.1:8233")),
    ];
    let bridge = secrets.iter().fold(bridge, |bridge, (name, value)| bridge.env(name, value));
    let mut bridge = bridge.env("TEMPORAL_TLS", "true").spawn().unwrap();
    bridge.wait_ready(&format!("http://127.0.0.1:{port}/readyz")).await.unwrap();
    let page = http().get(format!("http://127.0.0.1:{port}/ui/settings")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(!page.contains(MARKER), "{page}");
    let rows = secrets.iter().map(|(name, _)| *name).chain(["BRIDGE_DATABASE"]);
    for name in rows {
        let row = page.split("<tr>").find(|row| row.contains(&format!(">{name}<")));
        assert!(row.is_some_and(|row| row.contains("<strong>set</strong>")), "{name}: {row:?}");
    }
    for shown in [">127.0.0.1:7233<", "SQLite in a file", ">TEMPORAL_TLS<"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

#[tokio::test]
async fn settings_are_found_with_what_they_are_for() {
    let scene = Scene::with("Obedient", &["--drain", "1m7s"]).await;
    scene.browser.blocks(&["*/ui/assets/*.js"]).await.unwrap();
    scene.open("/ui/").await;
    scene.click("nav a[href='/ui/settings']").await;
    scene.shows(scene.temporal.address()).await;
    scene.shows("SQLite in memory").await;
    scene.fill("#name", "asked to stop").await;
    scene.click(".filters button").await;
    let rows = "return [...document.querySelectorAll('td.value')].map(cell => cell.innerText).join()";
    assert_eq!(scene.browser.script(rows).await.unwrap(), "1m7s,2s\nthe default");
    scene.click("#which option[value=set]").await;
    scene.click(".filters button").await;
    assert_eq!(scene.browser.script(rows).await.unwrap(), "1m7s");
    scene.fill("#name", "é&\"<b>").await;
    scene.click(".filters button").await;
    scene.shows("No setting fits the filter.").await;
}

#[tokio::test]
async fn settings_are_for_administrators_of_everything() {
    let place = administered().await;
    is_refused(&place, "/ui/settings").await;
    let page = http().get(place.at("/ui/settings")).bearer_auth("two").send().await.unwrap();
    assert_eq!(page.status(), 200);
}
