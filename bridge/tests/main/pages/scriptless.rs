//! Each section of the pages without its script.

use bridge_core::App;
use bridge_core::model::{AlarmObject, ProbableCause, Raised};

use super::Scene;
use crate::api::sample_key;

#[tokio::test]
async fn what_is_written_is_kept_without_a_script() {
    let scene = Scene::new("Obedient").await;
    scene.browser.blocks(&["*/ui/assets/*.js"]).await.unwrap();
    scene.open_intent("/edit").await;
    scene.fill("#field-1", "written without a script").await;
    scene.click("button[value=check]").await;
    scene.shows("Nothing was saved.").await;
    scene.click("button[value=save]").await;
    scene.shows("The intent was saved.").await;
    scene.shows("written without a script").await;

    scene.open_intent("/new-schedule").await;
    scene.type_document("metadata:\n  name: nightly\nspec:\n  crons: [30 2 * * *]\n").await;
    scene.send().await;
    scene.shows("The schedule was saved").await;
    scene.click(".head .actions a[href$='/pause']").await;
    scene.send().await;
    scene.shows("The schedule was paused.").await;

    scene.open("/ui/rules/new?project=proj1&sample=stuck").await;
    scene.click("button[value=save]").await;
    scene.shows("The rule was saved").await;
    scene.click(".head .actions a[href$='/delete']").await;
    scene.send().await;
    scene.shows("The rule was deleted.").await;

    let raised =
        Raised::new(AlarmObject::intent(&sample_key()), ProbableCause::WorkflowFailed, "It has failed");
    App::new(scene.api.parts()).alarms.raise(&raised).await.unwrap();
    scene.open("/ui/alarms").await;
    scene.click("tbody a.name").await;
    scene.click("button[value=acknowledge]").await;
    scene.shows("The alarm is acknowledged.").await;
}

#[tokio::test]
async fn lists_are_filtered_without_a_script() {
    let scene = Scene::new("Obedient").await;
    scene.browser.blocks(&["*/ui/assets/*.js"]).await.unwrap();
    let filters = [
        ("audit", "actor", "No event"),
        ("settings", "name", "No setting"),
        ("clients", "project", "No intent"),
        ("schedules", "project", "no schedule"),
    ];
    for (page, field, words) in filters {
        scene.open(&format!("/ui/{page}")).await;
        scene.fill(&format!("#{field}"), "nobody").await;
        scene.click(".filters button").await;
        scene.shows(words).await;
        // What only a script can do is not shown.
        let views = "return [...document.querySelectorAll('[data-views]')].every(form => form.hidden)";
        assert_eq!(scene.browser.script(views).await.unwrap(), true, "{page}");
    }
}
