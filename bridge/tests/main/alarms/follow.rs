//! Notifications as server-sent events.

use harness::http;
use reqwest::Response;
use tokio::time::timeout;

use super::Scene;
use super::receiver::SOON;

async fn follow(scene: &Scene, query: &str, last: Option<&str>) -> Response {
    let url = format!("{}/v2/alarms/events{query}", scene.api.url());
    let mut request = http().get(url).header("accept", "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    request.send().await.unwrap()
}

/// Reads until the stream has so many events, and returns their IDs and names.
async fn events(mut stream: Response, number: usize) -> Vec<(String, String)> {
    assert_eq!(stream.status(), 200);
    let mut text = String::new();
    let read = async {
        while text.matches("\ndata: ").count() < number {
            text += str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap();
        }
    };
    timeout(SOON, read).await.expect("the events come");
    let field = |event: &str, name: &str| {
        let found = event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        found.to_owned()
    };
    let events = text.split("\n\n").filter(|event| event.contains("data: "));
    events.map(|event| (field(event, "id: "), field(event, "event: "))).collect()
}

#[tokio::test]
async fn a_stream_continues_after_the_last_event() {
    let scene = Scene::new("").await;
    let stream = follow(&scene, "", None).await;
    scene.raise("a").await;
    scene.clear("a").await;
    let both = events(stream, 2).await;
    let names: Vec<_> = both.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["notifyNewAlarm", "notifyClearedAlarm"]);
    let again = events(follow(&scene, "", Some(&both[0].0)).await, 1).await;
    assert_eq!(again, both[1..]);
}

#[tokio::test]
async fn a_stream_has_the_alarms_of_its_scope() {
    let scene = Scene::new("").await;
    let stream = follow(&scene, "?scope=proj1/capp1/v1/dig1/b", None).await;
    scene.raise("a").await;
    scene.raise("b").await;
    assert_eq!(events(stream, 1).await.len(), 1);
    let refused = follow(&scene, "", Some("x")).await;
    assert_eq!(refused.status(), 400);
    let refused = http().get(format!("{}/v2/alarms/events", scene.api.url())).send().await.unwrap();
    assert_eq!(refused.status(), 400);
}
