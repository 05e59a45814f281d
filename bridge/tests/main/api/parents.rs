//! With EMCO's URL configured, intents can be created only in groups that exist in EMCO.

use std::time::Duration;

use emco_stand_in::{StandIn, StandInOptions, samples};
use harness::{eventually, http, sample_intent};
use reqwest::Response;

use super::{Api, problem_of};
use crate::defects::temporal::behind_tls;

/// A stand-in for EMCO that has EMCO's sample group.
async fn emco(token: Option<&str>) -> StandIn {
    let options = StandInOptions { token: token.map(str::to_owned), ..StandInOptions::default() };
    let emco = StandIn::start(options).await.unwrap();
    emco.load_samples().await.unwrap();
    emco
}

async fn create_under(api: &Api, dig: &str, query: &str) -> Response {
    let key = samples::dig();
    let path = format!(
        "{}/v2/projects/{}/composite-apps/{}/{}/deployment-intent-groups/{dig}/temporal-workflow-intents{query}",
        api.url, key.project, key.composite_app, key.version
    );
    let body = sample_intent("client", 9090, "http://emco").to_string();
    http().post(path).body(body).send().await.unwrap()
}

#[tokio::test]
async fn an_intent_needs_a_group_that_emco_knows() {
    let emco = emco(None).await;
    let api = Api::with(&["--emco-url", emco.url()]).await;
    let problem =
        problem_of(create_under(&api, "absent", "").await, 404, "no_such_deployment_intent_group").await;
    assert!(problem["detail"].as_str().unwrap().contains("/absent"), "{problem}");
    problem_of(create_under(&api, "absent", "?dryRun=All").await, 404, "no_such_deployment_intent_group")
        .await;

    let known = samples::dig().dig;
    assert_eq!(create_under(&api, &known, "").await.status(), 201);
    problem_of(create_under(&api, &known, "").await, 409, "intent_exists").await;
}

#[tokio::test]
async fn without_emco_nothing_can_be_created() {
    let nowhere = format!("http://127.0.0.1:{}", harness::free_port());
    let api = Api::with(&["--emco-url", &nowhere]).await;
    let refused = create_under(&api, "dig1", "").await;
    assert!(refused.headers().contains_key("retry-after"));
    problem_of(refused, 503, "emco_unavailable").await;
}

#[tokio::test]
async fn emco_is_shown_the_token() {
    let emco = emco(Some("letmein")).await;
    let api = Api::with(&["--emco-url", emco.url()]).await;
    problem_of(create_under(&api, &samples::dig().dig, "").await, 502, "emco_refused").await;

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "letmein\n").unwrap();
    let api = Api::with(&["--emco-url", emco.url(), "--emco-token-file", file.to_str().unwrap()]).await;
    assert_eq!(create_under(&api, &samples::dig().dig, "").await.status(), 201);
}

#[tokio::test]
async fn the_authorities_of_emco_are_read_again() {
    let emco = emco(None).await;
    let upstream = emco.url().trim_start_matches("http://");
    let (address, certificate) = behind_tls(upstream, "http/1.1").await;
    let (_, other) = behind_tls(upstream, "http/1.1").await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, other).unwrap();
    let url = address.replace("127.0.0.1", "https://localhost");
    let api = Api::with(&["--emco-url", &url, "--emco-ca-file", file.to_str().unwrap()]).await;
    problem_of(create_under(&api, &samples::dig().dig, "").await, 503, "emco_unavailable").await;
    std::fs::write(&file, certificate).unwrap();
    eventually(Duration::from_secs(20), "EMCO is trusted", async || {
        (create_under(&api, &samples::dig().dig, "").await.status() == 201).then_some(())
    })
    .await;
}
