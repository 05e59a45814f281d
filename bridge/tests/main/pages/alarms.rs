//! The pages of alarms.

use bridge_core::model::{AlarmId, AlarmObject, ProbableCause, Raised};
use bridge_core::{Alarms, App};
use harness::Browser;

use super::{ODD, Scene, door};
use crate::api::sample_key;

impl Scene {
    fn alarms(&self) -> Alarms {
        App::new(self.api.parts()).alarms
    }

    async fn raise(&self, object: AlarmObject, cause: ProbableCause, text: &str) -> AlarmId {
        self.alarms().raise(&Raised::new(object, cause, text)).await.unwrap()
    }
}

#[tokio::test]
async fn an_alarm_is_found_acknowledged_commented_and_cleared() {
    let scene = Scene::new("Obedient").await;
    let intent = AlarmObject::intent(&sample_key());
    scene.raise(intent.clone(), ProbableCause::WorkflowFailed, "The move has failed").await;
    scene.raise(AlarmObject::bridge(), ProbableCause::TemporalUnavailable, "Temporal is away").await;
    scene.open("/ui/").await;
    scene.click("nav a[href='/ui/alarms']").await;
    scene.shows("Temporal is away").await;
    scene.fill("#project", "proj1").await;
    scene.click(".filters button").await;
    scene.shows("Major 1").await;
    assert!(!scene.text().await.contains("Temporal is away"));
    scene.click("tbody a.name").await;
    scene.shows(ProbableCause::WorkflowFailed.repair()).await;

    scene.click("button[value=acknowledge]").await;
    scene.shows("The alarm is acknowledged.").await;
    scene.click("button[value=unacknowledge]").await;
    scene.shows("The alarm is not acknowledged any more.").await;
    scene.browser.script("document.querySelector('#comment').required = false").await.unwrap();
    scene.click("button[value=comment]").await;
    scene.shows("the comment is empty").await;
    scene.fill("#comment", "The cluster is back at noon").await;
    scene.click("button[value=comment]").await;
    scene.shows("The comment was added.").await;
    scene.shows("The cluster is back at noon").await;
    scene.click("button[value=clear]").await;
    scene.shows("The alarm is cleared.").await;
    scene.click("button[value=acknowledge]").await;
    scene.shows("it has left the list").await;
}

#[tokio::test]
async fn an_alarm_leads_to_its_workflow_of_any_id() {
    let scene = Scene::new("Obedient").await;
    let id = format!("alarm {ODD}");
    scene.start(&id).await;
    let workflow = AlarmObject::workflow(&sample_key(), &id.as_str().into());
    let alarm = scene.raise(workflow, ProbableCause::WorkflowLate, "").await;
    let other = AlarmObject::project("other");
    scene.alarms().correlate(&alarm, &other, &[7]).await.unwrap();
    scene.open("/ui/").await;
    scene.click("#wrong .alarms a.name").await;
    scene.shows("EMCO=other").await;
    scene.click("dl a.mono").await;
    let title = scene.browser.script("return document.querySelector('h1').innerText").await.unwrap();
    assert_eq!(title, id);
}

#[tokio::test]
async fn filters_of_alarms_are_kept_from_page_to_page() {
    let scene = Scene::new("Obedient").await;
    for number in 0..51 {
        let intent = AlarmObject::intent(&sample_key().dig.intent(format!("intent-{number}")));
        scene.raise(intent, ProbableCause::WorkflowStuck, "").await;
    }
    scene.raise(AlarmObject::bridge(), ProbableCause::NoWorker, "").await;
    scene.open("/ui/alarms?cause=workflowStuck&severity=MAJOR&state=ALL_ACTIVE_ALARMS").await;
    scene.shows("Major 51").await;
    let rows = "return document.querySelectorAll('tbody tr').length";
    assert_eq!(scene.browser.script(rows).await.unwrap(), 50);
    scene.click("a[rel=next]").await;
    assert_eq!(scene.browser.script(rows).await.unwrap(), 1);
    scene.open("/ui/alarms?cause=intentDrifted").await;
    scene.shows("No alarm fits the filter.").await;
}

#[tokio::test]
async fn who_may_not_see_alarms_is_not_led_to_them() {
    let (place, browser) = (door::place().await, Browser::start().await.unwrap());
    browser.open(&place.at("/ui/alarms")).await.unwrap();
    browser.fill("#token", "two").await.unwrap();
    browser.click("button").await.unwrap();
    browser.shows("lacks the right").await;
    let entries = "return document.querySelectorAll(\".side nav a[href='/ui/alarms']\").length";
    assert_eq!(browser.script(entries).await.unwrap(), 0);
}
