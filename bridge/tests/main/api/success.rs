//! The status of a successful start: EMCO's 204, or the one that the caller needs.

use harness::SAMPLE_INTENT;
use reqwest::Method;

use super::{Api, ScriptedClient, header, problem_of};

async fn api(rules: &str) -> Api {
    let api = Api::with(&["--success-status", rules]).await;
    api.create_sample(ScriptedClient::ours("w", "r").await.port).await;
    api
}

#[tokio::test]
async fn the_caller_may_say_so_in_the_query() {
    let api = api("").await;
    for status in [200, 201, 202, 204] {
        let started = api.post(&format!("/{SAMPLE_INTENT}/start?successStatus={status}"), "").await;
        assert_eq!((started.status().as_u16(), header(&started, "run-id")), (status, "r"));
        assert_eq!(started.text().await.unwrap(), "");
    }
    for status in ["404", "205", "x", ""] {
        let refused = api.post(&format!("/{SAMPLE_INTENT}/start?successStatus={status}"), "").await;
        let problem = problem_of(refused, 400, "invalid_parameter").await;
        assert_eq!(problem["parameter"], "successStatus");
    }
}

#[tokio::test]
async fn emcos_policy_controller_gets_201_if_the_operator_sets_it() {
    let api = api("Go-http-client/*@127.0.0.0/8=201").await;
    let start = |query: &str, agent: &str| {
        let request = api.request(Method::POST, &format!("/{SAMPLE_INTENT}/start{query}"));
        request.header("User-Agent", agent).send()
    };
    assert_eq!(start("", "Go-http-client/1.1").await.unwrap().status(), 201);
    assert_eq!(start("", "go-resty/2.7.0 (https://github.com/go-resty/resty)").await.unwrap().status(), 204);
    assert_eq!(start("?successStatus=204", "Go-http-client/1.1").await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_status_and_a_body_may_be_wanted_together() {
    let api = api("").await;
    let start = |status: u16| {
        let path = format!("/{SAMPLE_INTENT}/start?successStatus={status}");
        api.request(Method::POST, &path).header("Prefer", "return=representation").send()
    };
    let full = start(202).await.unwrap();
    assert_eq!((full.status().as_u16(), header(&full, "preference-applied")), (202, "return=representation"));
    let empty = start(204).await.unwrap();
    assert_eq!((empty.status().as_u16(), empty.headers().get("preference-applied")), (204, None));
}
