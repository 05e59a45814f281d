//! Validation of intents by their workflow clients: when the intent is stored, and on request.

use std::sync::{Arc, Mutex};

use harness::{SAMPLE_INTENT, sample_intent};
use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Api, SOON, ScriptedClient, fault_paths, header, problem_of};

const ASKING: [&str; 2] = ["--client-check", "20s"];

/// A server of workflow clients whose catalogue can be changed.
struct Catalogued {
    port: u16,
    catalogue: Arc<Mutex<Value>>,
}

impl Catalogued {
    async fn new(catalogue: Value) -> Self {
        let catalogue = Arc::new(Mutex::new(catalogue));
        let shared = Arc::clone(&catalogue);
        let client = ScriptedClient::start(move || {
            let text = shared.lock().unwrap().to_string();
            async { text }
        });
        Self { port: client.await.port, catalogue }
    }

    fn change(&self, catalogue: Value) {
        *self.catalogue.lock().unwrap() = catalogue;
    }

    /// Returns the sample intent with these parameters for all activities.
    fn intent(&self, params: Value) -> String {
        let mut intent = sample_intent("127.0.0.1", self.port, "http://emco");
        intent["spec"]["temporal"]["workflowParams"]["activityParams"] = json!({"all-activities": params});
        intent.to_string()
    }
}

/// Returns the catalogue of one client with these parameters, by name and type.
fn reading(params: &[(&str, &str)]) -> Value {
    let properties: serde_json::Map<_, _> =
        params.iter().map(|(name, kind)| ((*name).to_owned(), json!({"type": kind}))).collect();
    let required: Vec<_> = params.iter().map(|(name, _)| *name).collect();
    json!({"clients": [{"name": "migrate_workflowclient", "params": {"all-activities": {
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    }}}]})
}

async fn standing(api: &Api) -> Value {
    let answer = api.get(&format!("/{SAMPLE_INTENT}/check")).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn all_parameters_that_the_client_would_reject_are_reported() {
    let api = Api::with(&ASKING).await;
    let client = Catalogued::new(reading(&[("app", "string"), ("replicas", "integer")])).await;
    let wrong = client.intent(json!({"replicas": "many", "ap": "collectd"}));
    for (method, below) in [(Method::POST, String::new()), (Method::PUT, format!("/{SAMPLE_INTENT}"))] {
        let refused = api.request(method, &below).body(wrong.clone()).send().await.unwrap();
        let problem = problem_of(refused, 422, "invalid_intent").await;
        let mut paths = fault_paths(&problem);
        paths.sort_unstable();
        let at = "$.spec.temporal.workflowParams.activityParams.all-activities";
        assert_eq!(paths, [format!("{at}.ap"), format!("{at}.app"), format!("{at}.replicas")], "{problem}");
        assert!(problem.to_string().contains("did you mean `app`"), "{problem}");
    }
    assert_eq!(api.get("").await.text().await.unwrap(), "[]\n");

    let right = client.intent(json!({"replicas": "3", "app": "collectd"}));
    assert_eq!(api.post("", right).await.status(), 201);
    let accepted = standing(&api).await;
    assert_eq!((&accepted["standing"], accepted.get("faults")), (&json!("Accepted"), None));
    assert_eq!(accepted["client"]["name"], "migrate_workflowclient");
}

#[tokio::test]
async fn what_the_client_would_ignore_is_reported() {
    let api = Api::with(&ASKING).await;
    let mut catalogue = reading(&[("app", "string")]);
    catalogue["clients"][0]["activities"] = json!(["Greet"]);
    catalogue["clients"][0]["taskQueue"] = "GREET_Q".into();
    let client = Catalogued::new(catalogue).await;
    let mut intent: Value = serde_json::from_str(&client.intent(json!({"app": "collectd"}))).unwrap();
    let temporal = &mut intent["spec"]["temporal"];
    temporal["workflowParams"]["activityOptions"] = json!({"Gret": {"startToCloseTimeout": "1s"}});
    temporal["workflowParams"]["activityParams"]["Greet"] = json!({"x": "1"});
    let problem = problem_of(api.post("", intent.to_string()).await, 422, "invalid_intent").await;
    assert_eq!(
        fault_paths(&problem),
        [
            "$.spec.temporal.workflowStartOptions.taskQueue",
            "$.spec.temporal.workflowParams.activityOptions.Gret",
            "$.spec.temporal.workflowParams.activityParams.Greet.x",
        ]
    );
}

#[tokio::test]
async fn a_missing_client_is_reported_with_the_existing_ones() {
    let api = Api::with(&ASKING).await;
    let client = Catalogued::new(json!({"clients": [{"name": "relocate"}, {"name": "evacuate"}]})).await;
    let refused = api.post("", client.intent(json!({}))).await;
    let problem = problem_of(refused, 422, "invalid_intent").await;
    assert_eq!(fault_paths(&problem), ["$.spec.temporal.workflowClientName"]);
    assert!(problem.to_string().contains("`relocate`, `evacuate`"), "{problem}");
}

#[tokio::test]
async fn an_intent_drifts_when_its_client_changes() {
    let api = Api::with(&ASKING).await;
    let client = Catalogued::new(reading(&[("app", "string")])).await;
    assert_eq!(api.post("", client.intent(json!({"app": "collectd"}))).await.status(), 201);
    client.change(reading(&[("application", "string")]));

    let drifted = standing(&api).await;
    assert_eq!(drifted["standing"], "Drifted", "{drifted}");
    assert_eq!(drifted["faults"].as_array().unwrap().len(), 2, "{drifted}");
    for (wanted, found) in [("Drifted", 1), ("Accepted", 0), ("Unknown", 0)] {
        let list: Vec<Value> = api.get(&format!("?clientCheck={wanted}")).await.json().await.unwrap();
        assert_eq!(list.len(), found, "{wanted}");
    }
    problem_of(api.get("?clientCheck=drifted").await, 400, "invalid_parameter").await;
    problem_of(api.get("/absent/check").await, 404, "no_such_intent").await;
}

#[tokio::test]
async fn a_client_is_asked_once_for_a_page_of_its_intents() {
    let api = Api::with(&["--client-check", "0s"]).await;
    let client = ScriptedClient::start(|| async { reading(&[("app", "string")]).to_string() }).await;
    for number in 0..210 {
        let mut intent = sample_intent("127.0.0.1", client.port, "http://emco");
        intent["metadata"]["name"] = format!("i{number:03}").into();
        assert_eq!(api.post("", intent.to_string()).await.status(), 201);
    }
    let first = api.get("?clientCheck=Drifted").await;
    assert_eq!(client.asked().len(), 1);
    let next = format!("?clientCheck=Drifted&continue={}", header(&first, "continue"));
    let (first, last): (Vec<Value>, _) = (first.json().await.unwrap(), api.get(&next).await);
    assert!(!last.headers().contains_key("continue"));
    assert_eq!((first.len(), last.json::<Vec<Value>>().await.unwrap().len()), (200, 10));
    assert_eq!(client.asked().len(), 2);
    // A page without any match leads on as well.
    let none = api.get("?clientCheck=Accepted&limit=5").await;
    assert!(none.headers().contains_key("continue"));
    assert_eq!(none.text().await.unwrap(), "[]\n");
}

#[tokio::test]
async fn an_intent_is_stored_if_its_client_is_away_or_has_no_catalogue() {
    let api = Api::with(&ASKING).await;
    let emco = ScriptedClient::start(|| async { StatusCode::NOT_FOUND }).await;
    let silent = ScriptedClient::start(|| async { "this is no catalogue" }).await;
    let failing = ScriptedClient::start(|| async { StatusCode::INTERNAL_SERVER_ERROR }).await;
    let gone = harness::free_port();
    for (port, reason) in [
        (emco.port, "no catalogue"),
        (silent.port, "no catalogue"),
        (failing.port, "responded 500"),
        (gone, "cannot be reached"),
    ] {
        let body = sample_intent("127.0.0.1", port, "http://emco").to_string();
        assert_eq!(
            api.request(Method::PUT, &format!("/{SAMPLE_INTENT}"))
                .body(body)
                .send()
                .await
                .unwrap()
                .status()
                .as_u16()
                / 100,
            2
        );
        let unknown = standing(&api).await;
        assert_eq!(unknown["standing"], "Unknown", "{unknown}");
        assert!(unknown["reason"].as_str().unwrap().contains(reason), "{unknown}");
    }
}

#[tokio::test]
async fn nobody_is_asked_who_is_not_to_be() {
    let client = Catalogued::new(reading(&[("app", "string")])).await;
    let skipping = Api::with(&ASKING).await;
    assert_eq!(skipping.post("?clientCheck=Skip", client.intent(json!({}))).await.status(), 201);
    problem_of(skipping.post("?clientCheck=skip", client.intent(json!({}))).await, 400, "invalid_parameter")
        .await;
    let never = Api::with(&["--client-check", "0s"]).await;
    assert_eq!(never.post("", client.intent(json!({}))).await.status(), 201);
    // An explicit check still reports the faults.
    assert_eq!(standing(&never).await["standing"], "Drifted");
}

#[tokio::test]
async fn the_check_of_an_unresponsive_client_ends_at_its_timeout() {
    let api = Api::with(&["--client-check", "100ms"]).await;
    let silent = ScriptedClient::start(std::future::pending::<StatusCode>).await;
    let body = sample_intent("127.0.0.1", silent.port, "http://emco").to_string();
    let kept = tokio::time::timeout(SOON, api.post("", body)).await.unwrap();
    assert_eq!(kept.status(), 201);
}

#[tokio::test]
async fn addresses_that_are_never_called_are_not_asked_either() {
    let api = Api::with(&ASKING).await;
    let body = sample_intent("169.254.169.254", 80, "http://emco").to_string();
    assert_eq!(api.post("", body).await.status(), 201);
    let unknown = standing(&api).await;
    assert!(unknown["reason"].as_str().unwrap().contains("never called"), "{unknown}");
}

#[tokio::test]
async fn a_schema_that_recurses_without_end_keeps_no_intent_from_being_kept() {
    let api = Api::with(&ASKING).await;
    let endless = json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]});
    let catalogue =
        json!({"clients": [{"name": "migrate_workflowclient", "params": {"all-activities": endless}}]});
    let client = Catalogued::new(catalogue).await;
    assert_eq!(api.post("", client.intent(json!({"app": "collectd"}))).await.status(), 201);
    let unknown = standing(&api).await;
    assert_eq!(unknown["standing"], "Unknown", "{unknown}");
    assert!(unknown["reason"].as_str().unwrap().contains("JSON Schema"), "{unknown}");
}
