//! The pages of schedules.

use harness::{SAMPLE_DIG, SAMPLE_INTENT, http};

use super::Scene;

const NIGHTLY: &str =
    r#"{"metadata":{"name":"nightly"},"spec":{"crons":["30 2 * * *"],"timeZone":"Europe/Vienna"}}"#;

impl Scene {
    /// Keeps a schedule as somebody else would.
    async fn schedule(&self, json: &str) {
        let intent = format!("{SAMPLE_DIG}/temporal-workflow-intents/{SAMPLE_INTENT}");
        let kept = http().put(self.at(&format!("{intent}/schedules/nightly"))).body(json.to_owned());
        let kept = kept.send().await.unwrap();
        assert!(kept.status().is_success(), "{}", kept.text().await.unwrap());
    }

    /// Goes to the page of something that can be done with the schedule on the page.
    async fn act_on_schedule(&self, verb: &str) {
        self.click(&format!(".head .actions a[href$='/schedules/nightly/{verb}']")).await;
    }
}

#[tokio::test]
async fn a_schedule_is_written_as_yaml_found_paused_and_deleted() {
    let scene = Scene::new("Obedient").await;
    scene.open_intent("").await;
    scene.click("a[href$='/new-schedule']").await;
    scene.type_document("metadata:\n  name: nightly\nspec:\n  crons: [30 2 * * *]\n  night: 1\n").await;
    scene.send().await;
    scene.shows("$.spec.night").await;
    scene.type_document("metadata:\n  name: nightly\nspec:\n  crons: [30 2 * * *]\n").await;
    scene.send().await;
    scene.shows("The schedule was saved").await;
    scene.open("/ui/schedules?project=proj1").await;
    scene.click("tbody a.name").await;
    scene.shows("Active").await;
    scene.shows("30 2 * * * (UTC)").await;

    scene.act_on_schedule("pause").await;
    scene.fill("#note", "maintenance").await;
    scene.send().await;
    scene.shows("The schedule was paused.").await;
    scene.shows("It is paused, so nothing is started at them.").await;
    scene.shows("maintenance").await;
    scene.act_on_schedule("resume").await;
    scene.send().await;
    scene.shows("The schedule continues.").await;
    scene.act_on_schedule("delete").await;
    scene.send().await;
    scene.shows("There is no schedule that you may see.").await;
}

#[tokio::test]
async fn a_schedule_starts_its_intent_by_hand_and_for_past_times() {
    let scene = Scene::new("Obedient").await;
    scene.schedule(NIGHTLY).await;
    scene.open_intent("/schedules/nightly").await;
    scene.act_on_schedule("trigger").await;
    scene.send().await;
    scene.shows("Temporal starts the intent now.").await;
    // The form that is sent again has the same key.
    scene.browser.back().await.unwrap();
    scene.send().await;
    scene.shows("Temporal starts the intent now.").await;
    // The page follows it by itself.
    scene.shows("Started\n1").await;
    scene.act_on_schedule("backfill").await;
    scene.fill("#from", "yesterday").await;
    scene.fill("#to", "2026-11-02T00:00:00Z").await;
    scene.send().await;
    scene.shows("the beginning is not a time with its zone").await;
    scene.fill("#from", "2026-11-03T00:00:00Z").await;
    scene.send().await;
    scene.shows("the end is not later than the beginning").await;
    scene.fill("#from", "2026-11-01T00:00:00Z").await;
    scene.send().await;
    scene.shows("Temporal starts the intent for each of these times.").await;
}

#[tokio::test]
async fn of_two_who_edit_a_schedule_at_once_one_sees_what_has_changed() {
    let scene = Scene::new("Obedient").await;
    scene.schedule(NIGHTLY).await;
    scene.open_intent("/schedules/nightly/edit").await;
    scene.schedule(&NIGHTLY.replace("Vienna", "Paris")).await;
    scene.type_document(&NIGHTLY.replace("30 2", "45 2")).await;
    scene.send().await;
    scene.shows("What others have changed").await;
    scene.shows("Europe/Paris").await;
    assert_eq!(scene.document().await, NIGHTLY.replace("30 2", "45 2"));
    scene.send().await;
    scene.shows("The schedule was saved").await;
    scene.shows("45 2 * * *").await;
}
