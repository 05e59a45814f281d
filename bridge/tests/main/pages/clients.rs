//! The page of workflow clients and task queues.

use std::future::ready;

use harness::{SAMPLE_DIG, eventually, free_port, http, sample_intent};
use serde_json::{Value, json};

use super::Scene;
use super::audit::{administered, is_refused};
use crate::api::verbs::task_queue;
use crate::api::{Api, SOON, ScriptedClient, unique};
use crate::login::browser::keep;

/// Returns the intent under another name, with this client and task queue.
fn named(scene: &Scene, name: &str, (port, client): (u16, &str), queue: &str) -> Value {
    let mut intent = scene.intent("Obedient");
    intent["metadata"]["name"] = json!(name);
    intent["spec"]["workflowClient"]["clientEndpointPort"] = json!(port);
    let temporal = &mut intent["spec"]["temporal"];
    temporal["workflowClientName"] = json!(client);
    temporal["workflowStartOptions"]["taskQueue"] = json!(queue);
    intent
}

async fn rows(scene: &Scene, section: &str) -> Value {
    let rows = format!("return document.querySelectorAll('#{section} tbody tr').length");
    scene.browser.script(&rows).await.unwrap()
}

/// Returns the row that has these words.
async fn row(scene: &Scene, words: &str) -> String {
    scene.shows(words).await;
    let rows = "return [...document.querySelectorAll('tbody tr')].map(row => row.innerText)";
    let rows = scene.browser.script(rows).await.unwrap();
    let found = rows.as_array().unwrap().iter().find(|row| row.as_str().unwrap().contains(words));
    found.unwrap().as_str().unwrap().to_owned()
}

#[tokio::test]
async fn it_is_shown_which_clients_answer_and_which_queues_have_workers() {
    let scene = Scene::new("Obedient").await;
    let (dead, foreign) = (free_port(), ScriptedClient::start(|| async { "no catalogue" }).await);
    let nobody = format!("{} é&\"<b>", unique("nobody"));
    scene.put(named(&scene, "dead", (dead, "gone"), &nobody)).await;
    scene.put(named(&scene, "other", (scene.client.port, "other"), &nobody)).await;
    scene.put(named(&scene, "foreign", (foreign.port, "of-emco"), &nobody)).await;
    let catalogue = json!({"clients": [{
        "name": "listed", "summary": "Moves apps", "workflowType": "Move", "signals": {"hurry": {}},
        "params": {"Place": {"type": "object", "required": ["app"]}, "Large": {"description": "x".repeat(40_000)}},
    }]});
    let listed = ScriptedClient::start(move || ready(catalogue.to_string())).await;
    scene.put(named(&scene, "listed", (listed.port, "listed"), &nobody)).await;
    scene.browser.blocks(&["*/ui/assets/*.js"]).await.unwrap();
    scene.open("/ui/").await;
    scene.click("nav a[href='/ui/clients']").await;
    for (client, words) in [
        (format!("127.0.0.1:{}/migrate_workflowclient", scene.client.port), "Answers"),
        (format!("127.0.0.1:{}/other", scene.client.port), "other clients only: migrate_workflowclient"),
        (format!("127.0.0.1:{}/of-emco", foreign.port), "It has no catalogue"),
        (format!("127.0.0.1:{dead}/gone"), "cannot be reached"),
        (format!("127.0.0.1:{}/listed", listed.port), "Moves apps"),
    ] {
        let row = row(&scene, &client).await;
        assert!(row.contains(words), "{row}");
    }
    scene.click("tbody details summary").await;
    scene.shows("hurry").await;
    scene.shows("Parameters of Place").await;
    scene.shows("which are too large to be shown here").await;
    keep(&scene.browser, "clients-of-each-kind").await;
    let deserted = row(&scene, &nobody).await;
    let words = ["No worker", "Workflows: 0", "\t4"];
    assert!(words.iter().all(|words| deserted.contains(words)), "{deserted}");
    let queue = task_queue(scene.temporal);
    eventually(SOON, "the worker polls", async || {
        scene.open("/ui/clients").await;
        let row = row(&scene, queue).await;
        row.contains("Has workers") && row.contains("Activities: 1, last poll")
    })
    .await;
    scene.click("#queues a[href*='nobody']").await;
    scene.shows("foreign").await;
    assert!(!scene.text().await.contains("dig1-workflow-intent"));
}

#[tokio::test]
async fn a_page_has_fifty_clients_and_fifty_queues() {
    let scene = Scene::new("Obedient").await;
    let port = free_port();
    for number in 0..50 {
        let (client, queue) = (format!("client-{number}"), format!("~queue-{number}"));
        scene.put(named(&scene, &format!("intent-{number}"), (port, &client), &queue)).await;
    }
    scene.open("/ui/clients?project=proj1").await;
    assert_eq!((rows(&scene, "clients").await, rows(&scene, "queues").await), (50.into(), 50.into()));
    scene.click("#clients a[rel=next]").await;
    assert_eq!((rows(&scene, "clients").await, rows(&scene, "queues").await), (1.into(), 50.into()));
    scene.click("#queues a[rel=next]").await;
    assert_eq!((rows(&scene, "clients").await, rows(&scene, "queues").await), (1.into(), 1.into()));
    scene.open("/ui/clients?project=none").await;
    scene.shows("No intent names one.").await;
}

#[tokio::test]
async fn without_temporal_and_without_clients_the_page_names_why() {
    let api = Api::new().await;
    let intents = format!("{}{SAMPLE_DIG}/temporal-workflow-intents", api.url());
    let intent = sample_intent("169.254.169.254", free_port(), "http://emco").to_string();
    assert_eq!(http().post(intents).body(intent).send().await.unwrap().status(), 201);
    let page = http().get(format!("{}/ui/clients", api.url())).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    for words in ["is not allowed: ", "cannot be reached"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(page.matches("Not known").count(), 2);
}

#[tokio::test]
async fn clients_are_not_for_viewers() {
    is_refused(&administered().await, "/ui/clients").await;
}
