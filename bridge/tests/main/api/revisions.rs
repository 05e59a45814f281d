//! The revisions of an intent, and rollback.

use harness::sample_intent;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{Api, header, problem_of};

const PATH: &str = "/dig1-workflow-intent";
const REVISIONS: &str = "/dig1-workflow-intent/revisions";

async fn put(api: &Api, user: Option<&str>, description: &str) -> Response {
    let mut intent = sample_intent("client", 9090, "http://emco");
    intent["metadata"]["description"] = description.into();
    let mut request = api.request(Method::PUT, PATH).body(intent.to_string());
    if let Some(user) = user {
        request = request.header("X-Forwarded-User", user);
    }
    request.send().await.unwrap()
}

async fn roll_back(api: &Api, revision: Value) -> Response {
    let body = json!({"metadata": {"name": "any"}, "spec": {"revision": revision}});
    api.post(&format!("{PATH}/rollback"), body.to_string()).await
}

async fn revisions(api: &Api, query: &str) -> (Vec<i64>, Option<String>) {
    let answer = api.get(&format!("{REVISIONS}{query}")).await;
    assert_eq!(answer.status(), 200);
    let next = answer.headers().get("continue").map(|token| token.to_str().unwrap().to_owned());
    let list: Vec<Value> = answer.json().await.unwrap();
    (list.iter().map(|change| change["revision"].as_i64().unwrap()).collect(), next)
}

#[tokio::test]
async fn every_change_has_its_author_and_time() {
    let api = Api::new().await;
    let before = jiff::Timestamp::now();
    put(&api, None, "one").await;
    put(&api, Some("Zoë"), "two").await;
    let deleted = api.request(Method::DELETE, PATH).header("X-Forwarded-User", "alice").send().await.unwrap();
    assert_eq!(deleted.status(), 204);

    let list: Vec<Value> = api.get(REVISIONS).await.json().await.unwrap();
    let listed: Vec<_> = list
        .iter()
        .map(|change| {
            let at: jiff::Timestamp = change["changedAt"].as_str().unwrap().parse().unwrap();
            assert!(
                at.as_microsecond() >= before.as_microsecond() && at <= jiff::Timestamp::now(),
                "{change}"
            );
            (change["revision"].as_i64().unwrap(), &change["action"], &change["changedBy"])
        })
        .collect();
    assert_eq!(
        listed,
        [
            (3, &json!("deleted"), &json!("alice")),
            (2, &json!("replaced"), &json!("Zoë")),
            (1, &json!("created"), &json!("anonymous")),
        ]
    );
    assert!(list.iter().all(|change| change.get("intent").is_none()), "{list:?}");
}

#[tokio::test]
async fn another_header_may_name_the_user() {
    let api = Api::with(&["--user-header", "X-User"]).await;
    put(&api, Some("nobody"), "one").await;
    let list: Vec<Value> = api.get(REVISIONS).await.json().await.unwrap();
    assert_eq!(list[0]["changedBy"], "anonymous");
}

#[tokio::test]
async fn a_user_header_counts_only_from_a_trusted_proxy() {
    for proxies in ["", "10.0.0.0/8", "ingress.example"] {
        // A proxy is an identity, so callers beside it need leave to be nobody.
        let api = Api::with(&["--trusted-proxies", proxies, "--anonymous-networks", "127.0.0.1"]).await;
        put(&api, Some("mallory"), "one").await;
        let list: Vec<Value> = api.get(REVISIONS).await.json().await.unwrap();
        assert_eq!(list[0]["changedBy"], "anonymous", "{proxies}");
    }
}

#[tokio::test]
async fn each_revision_is_kept_as_it_was() {
    let api = Api::new().await;
    put(&api, None, "one").await;
    put(&api, None, "two").await;
    api.request(Method::DELETE, PATH).send().await.unwrap();
    for (number, description) in [(1, "one"), (2, "two")] {
        let revision: Value = api.get(&format!("{REVISIONS}/{number}")).await.json().await.unwrap();
        assert_eq!(revision["revision"], number);
        assert_eq!(revision["intent"]["metadata"]["description"], description);
    }
    let deletion: Value = api.get(&format!("{REVISIONS}/3")).await.json().await.unwrap();
    assert_eq!((&deletion["action"], deletion.get("intent")), (&json!("deleted"), None));
    for absent in ["0", "4", "-1", "x", "99999999999999999999", "%00"] {
        problem_of(api.get(&format!("{REVISIONS}/{absent}")).await, 404, "no_such_revision").await;
    }
}

#[tokio::test]
async fn revisions_come_newest_first_in_pages() {
    let api = Api::new().await;
    for number in 1..=5 {
        put(&api, None, &number.to_string()).await;
    }
    assert_eq!(revisions(&api, "").await, (vec![5, 4, 3, 2, 1], None));
    let (first, next) = revisions(&api, "?limit=2").await;
    assert_eq!(first, [5, 4]);
    let (second, next) = revisions(&api, &format!("?limit=2&continue={}", next.unwrap())).await;
    assert_eq!(second, [3, 2]);
    let (third, next) = revisions(&api, &format!("?limit=2&continue={}", next.unwrap())).await;
    assert_eq!((third, next), (vec![1], None));
    for query in ["?limit=0", "?continue=x", "?page=2"] {
        problem_of(api.get(&format!("{REVISIONS}{query}")).await, 400, "invalid_parameter").await;
    }
}

#[tokio::test]
async fn there_is_no_history_of_what_never_was() {
    let api = Api::new().await;
    for name in ["absent", "-", "%00"] {
        problem_of(api.get(&format!("/{name}/revisions")).await, 404, "no_such_intent").await;
    }
    problem_of(roll_back(&api, json!("1")).await, 404, "no_such_intent").await;
}

#[tokio::test]
async fn a_roll_back_makes_a_new_revision_equal_to_the_old() {
    let api = Api::new().await;
    put(&api, None, "one").await;
    put(&api, None, "two").await;
    let original: Value = api.get(&format!("{REVISIONS}/1")).await.json().await.unwrap();
    let answer = roll_back(&api, json!("1")).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "etag")), (200, "\"3\""));
    assert_eq!(answer.json::<Value>().await.unwrap(), original["intent"]);
    let now: Value = api.get(PATH).await.json().await.unwrap();
    assert_eq!(now, original["intent"]);
    let change: Value = api.get(&format!("{REVISIONS}/3")).await.json().await.unwrap();
    assert_eq!((&change["action"], &change["rolledBackTo"]), (&json!("rolled_back"), &json!(1)));

    // The same document makes no second revision, even if the number is given as a number instead of text.
    let again = roll_back(&api, json!(1)).await;
    assert_eq!((again.status().as_u16(), header(&again, "etag")), (200, "\"3\""));
}

#[tokio::test]
async fn a_deleted_intent_can_be_rolled_back() {
    let api = Api::new().await;
    put(&api, None, "one").await;
    api.request(Method::DELETE, PATH).send().await.unwrap();
    problem_of(roll_back(&api, json!("2")).await, 404, "no_such_revision").await;
    let answer = roll_back(&api, json!("1")).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "etag")), (201, "\"3\""));
    assert!(header(&answer, "location").ends_with(PATH));
    assert_eq!(api.get(PATH).await.status(), 200);
}

#[tokio::test]
async fn a_roll_back_that_cannot_be_done_changes_nothing() {
    let api = Api::new().await;
    put(&api, None, "one").await;
    put(&api, None, "two").await;
    for revision in [json!("9"), json!("x"), json!(null), json!([1])] {
        problem_of(roll_back(&api, revision).await, 404, "no_such_revision").await;
    }
    let path = format!("{PATH}/rollback");
    problem_of(api.post(&path, "").await, 400, "not_json").await;
    let body = json!({"spec": {"revision": "1"}}).to_string();
    let conditional = api.request(Method::POST, &path).header("If-Match", "\"1\"").body(body.clone());
    problem_of(conditional.send().await.unwrap(), 412, "condition_failed").await;
    assert_eq!(api.post(&format!("{path}?dryRun=All"), body).await.status(), 200);
    assert_eq!(revisions(&api, "").await.0, [2, 1]);
}
