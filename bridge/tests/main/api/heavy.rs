//! Large input, which does not hold up other callers.

use harness::{all_turns, sample_intent};
use reqwest::Method;
use serde_json::json;

use super::{Api, ScriptedClient};

fn intent(name: &str, client_port: u16, description: &str) -> String {
    let mut intent = sample_intent("127.0.0.1", client_port, "http://emco");
    intent["metadata"]["name"] = name.into();
    intent["metadata"]["description"] = description.into();
    intent.to_string()
}

#[tokio::test]
async fn large_intents_and_catalogues_wait_while_others_are_served() {
    let api = Api::new().await;
    let long = "x".repeat(64 << 10);
    for (name, text) in [("small", ""), ("large", long.as_str())] {
        let catalogue = json!({"clients": [{"name": "migrate_workflowclient", "summary": text}]}).to_string();
        let client = ScriptedClient::start(move || {
            let catalogue = catalogue.clone();
            async { catalogue }
        });
        assert_eq!(api.post("", intent(name, client.await.port, text)).await.status(), 201);
    }
    // It is in memory then, so that only to write it is work.
    assert_eq!(api.get("/large").await.status(), 200);

    let turns = all_turns().await;
    let large = [
        (api.request(Method::POST, "").body(intent("another", 9090, &long)), 201),
        (api.request(Method::GET, "/large/check"), 200),
        (api.request(Method::GET, "/large"), 200),
        (api.request(Method::GET, "/large/revisions/1"), 200),
        (api.request(Method::GET, ""), 200),
        (api.request(Method::POST, "/large/start?dryRun=All"), 200),
    ];
    let large = large.map(|(request, status)| (tokio::spawn(request.send()), status));
    for _ in 0..20 {
        assert_eq!(api.get("/small/check").await.status(), 200);
        assert_eq!(api.get("/small").await.status(), 200);
    }
    assert!(large.iter().all(|(response, _)| !response.is_finished()));
    drop(turns);
    for (response, status) in large {
        assert_eq!(response.await.unwrap().unwrap().status(), status);
    }
}
