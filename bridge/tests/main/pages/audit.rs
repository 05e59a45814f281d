//! The page of the audit.

use harness::{Browser, eventually, sample_intent};
use serde_json::json;

use super::{INTENT, ODD, Scene};
use crate::api::SOON;
use crate::login::Place;
use crate::login::browser::keep;

const BINDINGS: &str = r#"
[[binding]]
name = "administrators"
role = "administrator"
subjects = [{ token = "bob" }]
scope = "**"

[[binding]]
name = "viewers"
role = "viewer"
subjects = [{ token = "alice" }]
scope = "proj1/**"
"#;

/// A bridge with bob (`two`), who administers all of it, and alice (`one`), who only looks at a project.
pub(super) async fn administered() -> Place {
    Place::with_rights(BINDINGS).await
}

/// Opens a page as the owner of a token.
pub(super) async fn open_as(place: &Place, path: &str, token: &str) -> Browser {
    let browser = Browser::start().await.unwrap();
    browser.open(&place.at(path)).await.unwrap();
    browser.fill("#token", token).await.unwrap();
    browser.click("button").await.unwrap();
    browser
}

/// Checks that alice is neither led to a page nor shown it.
pub(super) async fn is_refused(place: &Place, path: &str) {
    let alice = open_as(place, path, "one").await;
    alice.shows("lacks the right").await;
    let entries = format!("return document.querySelectorAll(\".side nav a[href='{path}']\").length");
    assert_eq!(alice.script(&entries).await.unwrap(), 0);
}

#[tokio::test]
async fn a_denial_is_found_with_its_reason() {
    let place = administered().await;
    is_refused(&place, "/ui/audit").await;
    let bob = open_as(&place, "/ui/", "two").await;
    bob.click("nav a[href='/ui/audit']").await.unwrap();
    bob.fill("#actor", "alice").await.unwrap();
    bob.click("#outcome option[value=denied]").await.unwrap();
    bob.click(".filters button").await.unwrap();
    bob.shows("none of the caller's bindings includes it").await;
    bob.click("tbody details summary").await.unwrap();
    for words in ["\"verb\": \"read-audit\"", "\"kind\": \"token\"", "\"userAgent\": \"Mozilla"] {
        bob.shows(words).await;
    }
    keep(&bob, "denied").await;
    let rows = "return [...document.querySelectorAll('td.state')].map(cell => cell.innerText).join()";
    assert_eq!(bob.script(rows).await.unwrap(), "Denied");
}

#[tokio::test]
async fn events_lead_to_what_they_are_about() {
    let scene = Scene::new("Obedient").await;
    let id = format!("audit {ODD}");
    scene.start(&id).await;
    scene.open("/ui/audit?verb=start&object=proj1/capp1").await;
    scene.shows("took").await;
    scene.click("td.any a[href*='/run?']").await;
    let title = scene.browser.script("return document.querySelector('h1').innerText").await.unwrap();
    assert_eq!(title, id);
    scene.open("/ui/audit").await;
    scene.click(&format!("td.any a[href='{INTENT}']")).await;
    scene.shows("Latest changes").await;
}

#[tokio::test]
async fn filters_of_the_audit_are_kept_from_page_to_page_and_seals_are_shown() {
    let scene = Scene::new("Obedient").await;
    let mut intent = sample_intent("127.0.0.1", scene.client.port, "http://emco");
    for number in 0..50 {
        intent["metadata"]["name"] = json!(format!("intent-{number}"));
        scene.put(intent.clone()).await;
    }
    eventually(SOON, "the events are sealed", async || {
        scene.open("/ui/audit?verb=replace&outcome=succeeded").await;
        let text = scene.text().await;
        text.contains("Sealed up to event") && !text.contains("newer on this page")
    })
    .await;
    let rows = "return document.querySelectorAll('tbody tr').length";
    assert_eq!(scene.browser.script(rows).await.unwrap(), 50);
    scene.click("a[rel=next]").await;
    assert_eq!(scene.browser.script(rows).await.unwrap(), 1);
    scene.click(".pager a").await;
    assert_eq!(scene.browser.script(rows).await.unwrap(), 50);
}

#[tokio::test]
async fn without_a_script_times_limit_the_audit() {
    let scene = Scene::new("Obedient").await;
    scene.browser.blocks(&["*/ui/assets/*.js"]).await.unwrap();
    scene.open("/ui/audit").await;
    scene.click(".filters summary").await;
    scene.fill("#since", "yesterday").await;
    scene.click(".filters button").await;
    scene.shows("the earliest time is not a time with its zone: write 2026-12-01T00:00:00Z").await;
    scene.fill("#since", "2999-12-01T00:00:00Z").await;
    scene.click(".filters button").await;
    scene.shows("No event fits the filter.").await;
    scene.fill("#since", "2001-12-01T00:00:00+01:00").await;
    scene.click(".filters button").await;
    scene.shows("bridgectl audit verify").await;
    scene.shows(" UTC").await;
}
