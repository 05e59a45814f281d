//! Replicas that share a database: each sees the other's changes, and of many concurrent changes one
//! succeeds.

use futures::future::join_all;
use harness::{PostgreSql, SAMPLE_INTENT, sample_intent};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{Api, ScriptedClient, header, problem_of};

const ROUNDS: usize = 50;
const CALLERS: usize = 8;

/// Starts two replicas on one fresh PostgreSQL database.
async fn replicas() -> [Api; 2] {
    let database = PostgreSql::shared().await.unwrap().database().await.unwrap();
    // Both at once: one migrates the schema, the other waits for it.
    let flags = ["--database", &database];
    let (one, other) = tokio::join!(Api::with(&flags), Api::with(&flags));
    [one, other]
}

fn body(name: &str, description: &str) -> String {
    let mut intent = sample_intent("client", 9090, "http://emco");
    intent["metadata"]["name"] = name.into();
    intent["metadata"]["description"] = description.into();
    intent.to_string()
}

#[tokio::test]
async fn creates_race_to_one_201_and_409s() {
    let replicas = replicas().await;
    for round in 0..ROUNDS {
        let name = format!("raced-{round}");
        let calls = (0..CALLERS).map(async |caller| {
            let api = &replicas[caller % 2];
            (caller, api.post("", body(&name, &caller.to_string())).await.status())
        });
        let answers = join_all(calls).await;
        let created: Vec<_> = answers.iter().filter(|(_, status)| *status == 201).collect();
        assert!(answers.iter().all(|(_, status)| [201, 409].contains(&status.as_u16())), "{answers:?}");
        let [(winner, _)] = created[..] else { panic!("round {round}: {answers:?}") };
        for api in &replicas {
            let kept: Value = api.get(&format!("/{name}")).await.json().await.unwrap();
            assert_eq!(kept["metadata"]["description"], winner.to_string());
        }
    }
}

#[tokio::test]
async fn every_put_counts_and_conditional_ones_race_to_one() {
    let replicas = replicas().await;
    assert_eq!(replicas[0].post("", body("raced", "first")).await.status(), 201);
    let puts = (0..CALLERS).map(async |caller| {
        let put =
            replicas[caller % 2].request(Method::PUT, "/raced").body(body("raced", &caller.to_string()));
        put.send().await.unwrap().status()
    });
    assert!(join_all(puts).await.into_iter().all(|status| status == 200));
    let revisions: Vec<Value> = replicas[1].get("/raced/revisions").await.json().await.unwrap();
    assert_eq!(revisions.len(), 1 + CALLERS);

    for round in 0..ROUNDS {
        let now = replicas[0].get("/raced").await;
        let tag = header(&now, "etag");
        let puts = (0..CALLERS).map(async |caller| {
            let text = format!("{round}-{caller}");
            let put = replicas[caller % 2].request(Method::PUT, "/raced").body(body("raced", &text));
            put.header("If-Match", tag).send().await.unwrap().status()
        });
        let mut answers = join_all(puts).await;
        answers.sort();
        let mut wanted = vec![StatusCode::PRECONDITION_FAILED; CALLERS];
        wanted[0] = StatusCode::OK;
        assert_eq!(answers, wanted, "round {round}");
    }
}

#[tokio::test]
async fn what_one_deletes_the_other_does_not_have() {
    let replicas = replicas().await;
    replicas[0].post("", body("a", "")).await;
    assert_eq!(replicas[1].request(Method::DELETE, "/a").send().await.unwrap().status(), 204);
    problem_of(replicas[0].get("/a").await, 404, "no_such_intent").await;
    let list: Value = replicas[0].get("").await.json().await.unwrap();
    assert_eq!(list, Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_database_that_went_away_is_an_answer_and_comes_back() {
    let mut server = PostgreSql::start().await.unwrap();
    let database = server.database().await.unwrap();
    let api = Api::with(&["--database", &database]).await;
    api.create_sample(9090).await;
    server.kill().await.unwrap();
    let problem = problem_of(api.get("/dig1-workflow-intent").await, 503, "database_unavailable").await;
    assert!(!problem.to_string().contains("127.0.0.1"), "{problem}");
    server.restart().await.unwrap();
    assert_eq!(api.get("/dig1-workflow-intent").await.status(), 200);
}

#[tokio::test]
async fn names_that_no_database_can_hold_are_not_found() {
    let [api, _] = replicas().await;
    problem_of(api.get("/%00").await, 404, "no_such_intent").await;
    problem_of(api.get("/%00/runs").await, 404, "no_such_intent").await;
    problem_of(api.get("/a/runs/%00").await, 404, "no_such_run").await;
    problem_of(api.request(Method::DELETE, "/%00").send().await.unwrap(), 404, "no_such_intent").await;
    let list = harness::http()
        .get(format!(
            "{}/v2/projects/%00/composite-apps/a/v1/deployment-intent-groups/d/temporal-workflow-intents",
            api.url
        ))
        .send()
        .await
        .unwrap();
    assert_eq!(list.text().await.unwrap(), "[]\n");
}

/// PostgreSQL stores no NUL character. If an outcome could not be stored, its start would stay open forever.
#[tokio::test]
async fn nul_characters_in_a_response_leave_no_start_open() {
    let [api, _] = replicas().await;
    let headers = [("Content-Type", "application/problem+json")];
    let refusing =
        ScriptedClient::start(move || async move { (StatusCode::NOT_FOUND, headers, "no \0 room") }).await;
    api.create_sample(refusing.port).await;
    problem_of(api.post(&format!("/{SAMPLE_INTENT}/start"), "").await, 502, "client_refused").await;
    let runs: Vec<Value> = api.get(&format!("/{SAMPLE_INTENT}/runs")).await.json().await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["outcome"], "not_started", "{runs:?}");
    assert!(runs[0]["reason"].as_str().unwrap().contains("no \u{fffd} room"), "{runs:?}");
}
