//! The pages of runs: what they show, and what can be done there.

use bridge_core::model::Source;
use bridge_core::{Actor, App, Correlation, Proof, Request, StartOrder};
use jiff::Timestamp;
use serde_json::json;

use super::{ODD, Scene};
use crate::api::sample_key;

/// A workflow ID of a test.
fn odd(name: &str) -> String {
    format!("{name} {ODD}")
}

#[tokio::test]
async fn signals_queries_and_updates_reach_a_workflow_of_any_id() {
    let scene = Scene::new("Obedient").await;
    scene.start(&odd("messages")).await;
    scene.act("signal").await;
    scene.fill("#name", "raise").await;
    scene.fill("#args", "[3").await;
    scene.send().await;
    scene.shows("the arguments are not a JSON array").await;
    scene.fill("#args", "[3]").await;
    scene.send().await;
    scene.shows("The signal was sent.").await;

    scene.act("query").await;
    let name = scene.browser.script("return document.querySelector('#name').value").await.unwrap();
    assert_eq!(name, "current-state");
    scene.fill("#name", "sum").await;
    scene.fill("#args", "[4]").await;
    scene.send().await;
    scene.shows("\"sum\": 7").await;

    scene.click(".lead a").await;
    scene.act("update").await;
    scene.fill("#name", "set").await;
    scene.fill("#args", "[-1]").await;
    scene.send().await;
    scene.shows("levels are not negative").await;
    scene.fill("#args", "[9]").await;
    scene.send().await;
    scene.shows("The update is complete.").await;

    scene.click(".lead a").await;
    scene.act("signal").await;
    scene.fill("#name", "finish").await;
    scene.send().await;
    // The page follows the run by itself.
    scene.shows("Completed").await;
}

#[tokio::test]
async fn a_run_that_has_ended_shows_its_result() {
    let scene = Scene::new("Obedient").await;
    scene.start("").await;
    scene.act("signal").await;
    scene.fill("#name", "finish").await;
    scene.send().await;
    scene.shows("Completed").await;
    scene.open("/ui/runs?state=Completed").await;
    scene.click("tbody a.name").await;
    scene.shows("Result").await;
    let links = "return [...document.querySelectorAll('.head .actions a')].map(link => link.innerText)";
    assert_eq!(scene.browser.script(links).await.unwrap(), json!(["Query", "Reset"]));
}

#[tokio::test]
async fn a_run_shows_what_it_retries_and_is_cancelled_and_terminated() {
    let scene = Scene::new("Stubborn").await;
    scene.start(&odd("stubborn")).await;
    scene.shows("Toil").await;
    scene.shows("the cluster is away").await;
    scene.open("/ui/").await;
    scene.shows("Toil, attempt 2").await;
    scene.click("#wrong tbody a.name").await;

    scene.act("cancel").await;
    scene.fill("#reason", "maintenance").await;
    scene.fill("#escalate", "soon").await;
    scene.send().await;
    scene.shows("is not a time: write 30s, 10m or 1h30m").await;
    let reason = scene.browser.script("return document.querySelector('#reason').value").await.unwrap();
    assert_eq!(reason, "maintenance");
    scene.fill("#escalate", "1h").await;
    scene.send().await;
    scene.shows("The workflow was asked to end.").await;
    // It ignores that.
    scene.shows("Running").await;

    scene.act("terminate").await;
    scene.browser.script("document.querySelector('#reason').required = false").await.unwrap();
    scene.send().await;
    scene.shows("the reason is missing").await;
    scene.fill("#reason", "it ignores its cancellation").await;
    scene.send().await;
    scene.shows("The workflow was terminated.").await;
    scene.shows("it ignores its cancellation").await;
}

#[tokio::test]
async fn a_run_is_paused_and_continues() {
    let scene = Scene::new("Obedient").await;
    scene.start(&odd("paused")).await;
    scene.act("pause").await;
    scene.send().await;
    scene.shows("The workflow was paused.").await;
    scene.shows("Paused").await;
    scene.act("unpause").await;
    scene.send().await;
    scene.shows("The workflow continues.").await;
    scene.shows("Running").await;
}

#[tokio::test]
async fn a_run_is_reset_to_a_point_that_its_history_shows() {
    let scene = Scene::new("Obedient").await;
    scene.start(&odd("reset")).await;
    scene.shows("Running").await;
    scene.click("a[href*='/run/history?']").await;
    scene.shows("Workflow execution started").await;
    scene.click("tbody tr:last-child summary").await;
    scene.shows("EVENT_TYPE_WORKFLOW_EXECUTION_STARTED").await;
    scene.click(".lead a").await;
    let before = scene.browser.url().await.unwrap();
    scene.act("reset").await;
    scene.click("[name=to][value=event]").await;
    scene.send().await;
    scene.shows("the number of the event is missing").await;
    // The history leads to the form with the number in it.
    scene.click("#event-hint a").await;
    scene.click("tbody a[href*='/run/reset?']").await;
    let event = "
        return [document.querySelector('[name=to]:checked').value, document.querySelector('#event').value]";
    assert_eq!(scene.browser.script(event).await.unwrap(), json!(["event", "4"]));
    scene.click("[name=to][value=first]").await;
    scene.send().await;
    scene.shows("The workflow was reset. This is the new run.").await;
    assert_ne!(scene.browser.url().await.unwrap().split("run=").nth(1), before.split("run=").nth(1));
}

#[tokio::test]
async fn a_time_line_shows_what_happened_and_how_long_it_took() {
    let scene = Scene::new("Parent").await;
    scene.start(&odd("line")).await;
    scene.shows("Child workflows that it waits for").await;
    scene.act("terminate").await;
    scene.fill("#reason", "seen enough").await;
    scene.send().await;
    scene.shows("Terminated").await;
    scene.click("a[href*='/run/timeline?']").await;
    let rows = "
        return [...document.querySelectorAll('tbody tr')].map(row => {
            const [what, how] = row.children, bars = [...row.querySelectorAll('rect')];
            const inside = bars.every(bar => bar.x.baseVal.value >= 0
                && bar.x.baseVal.value + bar.width.baseVal.value <= 1000);
            return `${what.querySelector('.sub').innerText} ${how.innerText} ${inside}`;
        })";
    let all = json!(["Workflow Terminated true", "Child workflow Goes on true", "Workflow Started true"]);
    assert_eq!(scene.browser.script(rows).await.unwrap(), all);
    scene.browser.script("document.querySelector('#kind').value = 'Child workflow'").await.unwrap();
    scene.click(".filters button").await;
    scene.shows("Clear").await;
    assert_eq!(scene.browser.script(rows).await.unwrap(), json!(["Child workflow Goes on true"]));
    scene.click("[name=failed]").await;
    scene.click(".filters button").await;
    scene.shows("Nothing on this page of the history fits the filter.").await;
    scene.click(".filters a").await;
    assert_eq!(scene.browser.script(rows).await.unwrap(), all);
}

#[tokio::test]
async fn a_child_leads_to_its_own_page() {
    let scene = Scene::new("Parent").await;
    scene.start(&odd("parent")).await;
    scene.shows("Child workflows that it waits for").await;
    scene.click("#children-title ~ ul a").await;
    let title = scene.browser.script("return document.querySelector('h1').innerText").await.unwrap();
    assert_eq!(title, format!("{}/child", odd("parent")));
}

#[tokio::test]
async fn runs_come_newest_first_in_pages() {
    let scene = Scene::new("Obedient").await;
    let (starts, request) = (App::new(scene.api.parts()).starts, request());
    for _ in 0..52 {
        starts.start(&request, &sample_key(), StartOrder::default()).await.unwrap();
    }
    scene.open("/ui/runs?project=proj1").await;
    let rows = "return document.querySelectorAll('tbody tr').length";
    assert_eq!(scene.browser.script(rows).await.unwrap(), 50);
    scene.click("a[rel=next]").await;
    assert_eq!(scene.browser.script(rows).await.unwrap(), 2);
    scene.open("/ui/runs?project=other").await;
    scene.shows("No run fits the filter.").await;
}

fn request() -> Request {
    Request {
        actor: Actor::new("alice", Proof::Token),
        correlation: Correlation::default(),
        source: Source::default(),
        now: Timestamp::now(),
    }
}
