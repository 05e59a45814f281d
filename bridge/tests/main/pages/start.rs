//! The form that starts an intent.

use bridge_core::model::StartRecord;
use harness::SAMPLE_INTENT;
use serde_json::json;

use super::{ODD, Scene};
use crate::api::sample_key;

impl Scene {
    pub(super) async fn starts(&self) -> Vec<StartRecord> {
        self.api.parts().store.starts(&sample_key(), None, 100).await.unwrap()
    }
}

#[tokio::test]
async fn a_start_leads_to_its_run_whatever_its_id() {
    let scene = Scene::new("Obedient").await;
    scene.open("/ui/intents").await;
    scene.click(&format!("td a[href$='/{SAMPLE_INTENT}']")).await;
    scene.click(".actions a[href$='/start']").await;
    scene.fill("#workflow-id", ODD).await;
    scene.click("button[value=start]").await;
    scene.shows("The workflow was started.").await;
    let title = scene.browser.script("return document.querySelector('h1').innerText").await.unwrap();
    assert_eq!(title, ODD);
    scene.shows("Running").await;
}

#[tokio::test]
async fn a_form_that_is_sent_again_starts_nothing_more() {
    let scene = Scene::new("Obedient").await;
    scene.start("").await;
    let run = scene.browser.url().await.unwrap();
    scene.browser.back().await.unwrap();
    scene.click("button[value=start]").await;
    scene.shows("The workflow was started.").await;
    assert_eq!((scene.browser.url().await.unwrap(), scene.starts().await.len()), (run, 1));
}

#[tokio::test]
async fn a_preview_sends_nothing_and_keeps_what_was_entered() {
    let scene = Scene::new("Obedient").await;
    scene.open_intent("/start").await;
    scene.fill("#workflow-id", "previewed").await;
    scene.fill("#param-1", "Stubborn").await;
    scene.fill("[name=name]:not([type=hidden])", "colour").await;
    scene.fill("#value-2", "blue").await;
    scene.click("button[value=preview]").await;
    scene.shows("Nothing was sent.").await;
    let text = scene.text().await;
    for part in ["/invoke/migrate_workflowclient", "\"previewed\"", "\"Stubborn\"", "\"colour\": \"blue\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let values =
        "return ['#workflow-id', '#param-1', '#value-2'].map(id => document.querySelector(id).value)";
    let values = scene.browser.script(values).await.unwrap();
    assert_eq!(values, json!(["previewed", "Stubborn", "blue"]));
    assert!(scene.starts().await.is_empty());
}

#[tokio::test]
async fn a_start_that_is_refused_can_be_corrected() {
    let scene = Scene::new("Obedient").await;
    scene.open_intent("/start").await;
    scene.fill("#workflow-id", "{{who}}").await;
    scene.click("button[value=start]").await;
    scene.shows("the start is not valid; nothing was started").await;
    scene.shows("$.spec.workflowID").await;
    scene.fill("#workflow-id", "corrected").await;
    scene.click("button[value=start]").await;
    scene.shows("The workflow was started.").await;
}

#[tokio::test]
async fn a_start_is_of_the_revision_that_was_shown() {
    let scene = Scene::new("Obedient").await;
    scene.open_intent("/start").await;
    let mut changed = scene.intent("Stubborn");
    changed["spec"]["temporal"]["workflowStartOptions"]["id"] = "changed".into();
    scene.put(changed).await;
    scene.click("button[value=start]").await;
    scene.shows("The workflow was started.").await;
    let [start] = scene.starts().await.try_into().unwrap();
    assert_eq!(start.revision, 1);
    assert_ne!(start.workflow_id.as_str(), "changed");
}
