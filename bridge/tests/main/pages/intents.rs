//! The pages of intents.

use harness::{SAMPLE_INTENT, eventually};
use serde_json::json;

use super::Scene;
use crate::api::SOON;

#[tokio::test]
async fn an_intent_is_found_by_its_name_and_by_its_client() {
    let scene = Scene::new("Obedient").await;
    let mut other = scene.intent("Obedient");
    other["metadata"]["name"] = json!("other");
    scene.put(other).await;
    scene.open("/ui/intents").await;
    scene.fill("#name", "WORKFLOW-int").await;
    scene.click(".filters button").await;
    let names = "return [...document.querySelectorAll('tbody a.name')].map(link => link.innerText)";
    eventually(SOON, "one is found", async || {
        let found = scene.browser.script(names).await?;
        anyhow::ensure!(found == json!([SAMPLE_INTENT]), "{found}");
        Ok(())
    })
    .await;
    scene.open("/ui/intents?client=migrate_workflowclient&check=accepted").await;
    assert_eq!(scene.browser.script(names).await.unwrap(), json!([SAMPLE_INTENT, "other"]));
    scene.open("/ui/intents?project=none").await;
    scene.shows("No intent fits the filter.").await;
}

#[tokio::test]
async fn filters_are_kept_as_a_view() {
    let scene = Scene::new("Obedient").await;
    scene.open("/ui/intents?project=none").await;
    scene.fill(".views input", "empty & <b>").await;
    scene.click(".views .field button").await;
    scene.open("/ui/intents").await;
    scene.click(".views li a").await;
    scene.shows("No intent fits the filter.").await;
    assert_eq!(scene.browser.url().await.unwrap(), scene.at("/ui/intents?project=none"));
    let current = "return document.querySelector('.views [aria-current]').innerText";
    assert_eq!(scene.browser.script(current).await.unwrap(), "empty & <b>");
    // Other lists have views of their own.
    scene.open("/ui/runs").await;
    let views = "return document.querySelectorAll('.views li').length";
    assert_eq!(scene.browser.script(views).await.unwrap(), 0);
    scene.open("/ui/intents").await;
    scene.click(".views li button").await;
    assert_eq!(scene.browser.script(views).await.unwrap(), 0);
}

#[tokio::test]
async fn a_change_is_compared_and_rolled_back() {
    let scene = Scene::new("Obedient").await;
    scene.put(scene.intent("Stubborn")).await;
    scene.open_intent("").await;
    scene.shows("Stubborn").await;
    scene.click("a[href*='from=1&to=2']").await;
    scene.shows("From revision 1 to 2").await;
    let signs =
        "return [...document.querySelectorAll('.diff .added, .diff .removed')].map(line => line.innerText)";
    let lines = scene.browser.script(signs).await.unwrap().to_string();
    assert!(lines.contains("-") && lines.contains("Obedient") && lines.contains("Stubborn"), "{lines}");
    scene.click("a[href*='rollback?revision=1']").await;
    scene.send().await;
    scene.shows("The intent was rolled back.").await;
    scene.shows("Rolled back to 1").await;
}

#[tokio::test]
async fn of_two_who_change_an_intent_at_once_one_learns_it() {
    let scene = Scene::new("Obedient").await;
    scene.put(scene.intent("Stubborn")).await;
    scene.open_intent("/rollback?revision=1").await;
    scene.put(scene.intent("Parent")).await;
    scene.send().await;
    scene.shows("it is at revision 3").await;
    // The page shows what the roll-back would change now.
    scene.shows("The intent is at revision 3 now").await;
    scene.shows("Parent").await;
    scene.send().await;
    scene.shows("The intent was rolled back.").await;
}

#[tokio::test]
async fn an_intent_is_checked_and_deleted() {
    let scene = Scene::new("Obedient").await;
    scene.open_intent("/check").await;
    scene.shows("The client accepts the intent as it is now.").await;
    scene.open_intent("").await;
    scene.click(".actions a[href$='/delete']").await;
    scene.send().await;
    scene.shows("There is no intent yet that you may see.").await;
    scene.open_intent("").await;
    scene.shows("No such intent").await;
    // Its changes stay.
    scene.open_intent("/revisions").await;
    scene.shows("Deleted").await;
}
