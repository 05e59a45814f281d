//! Lists have what the caller may see, and no more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_core::App;
use bridge_core::model::{AlarmObject, DigKey, ProbableCause, Raised};
use reqwest::Method;
use serde_json::Value;

use super::Guarded;

const BINDINGS: &str = r#"
[[binding]]
name = "authors"
role = "author"
subjects = [{ proxyUser = "alice" }]
scope = "**"
uses = { clients = ["*"], taskQueues = ["*"] }

[[binding]]
name = "one"
role = "viewer"
subjects = [{ proxyUser = "bob" }]
scope = "proj1/capp1/v1/dig1"
intents = ["i077"]

[[binding]]
name = "some"
role = "viewer"
subjects = [{ proxyUser = "carol" }]
scope = "proj1/capp1/v1/dig1"
intents = ["i*0", "i007", "I*"]

[[binding]]
name = "all-but-forbidden"
role = "viewer"
subjects = [{ proxyUser = "dave" }]
scope = "proj1/**"
"#;

const FORBID: &str = "forbid(principal == ProxyUser::\"dave\", action == Action::\"get\", resource)\n\
                      unless { resource is Intent && resource.name like \"i*9\" };\n";

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_full_whatever_is_hidden() {
    let bridge = Guarded::with_policies(BINDINGS, FORBID).await;
    let names: Vec<_> = (0..230).map(|number| format!("i{number:03}")).collect();
    for name in &names {
        assert_eq!(bridge.create("alice", "dig1", name).await, 201);
    }
    let like = |end: char| names.iter().filter(move |name| name.ends_with(end)).cloned();
    let mut tens: Vec<_> = like('0').chain(["i007".to_owned()]).collect();
    tens.sort();
    for (user, expected) in [
        ("alice", names.clone()),
        ("bob", vec!["i077".to_owned()]),
        ("carol", tens),
        ("dave", like('9').collect()),
    ] {
        let mut query = "?limit=5".to_owned();
        let mut found = Vec::new();
        loop {
            let path = format!("dig1/temporal-workflow-intents{query}");
            let page = bridge.call(user, Method::GET, &path).send().await.unwrap();
            assert_eq!(page.status(), 200);
            let token = page.headers().get("continue").map(|token| token.to_str().unwrap().to_owned());
            let intents: Vec<Value> = page.json().await.unwrap();
            assert_eq!(intents.len(), 5.min(expected.len() - found.len()), "{user} after {found:?}");
            found
                .extend(intents.iter().map(|intent| intent["metadata"]["name"].as_str().unwrap().to_owned()));
            let Some(token) = token else { break };
            query = format!("?limit=5&continue={token}");
        }
        assert_eq!(found, expected, "{user}");
    }
    let denied = bridge.call("bob", Method::GET, "dig2/temporal-workflow-intents").send().await.unwrap();
    assert_eq!(denied.status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_page_names_no_hidden_intent() {
    let bridge = Guarded::with_policies(BINDINGS, FORBID).await;
    // 200 are read together. Dave sees `i009`, `i019` and so on: not the last of the first 200, and none of the last
    // 400.
    let some = (0..220).map(|number| format!("i{number:03}"));
    let hidden = (0..400).map(|number| format!("j{number:03}"));
    for name in ["a".to_owned()].into_iter().chain(some).chain(hidden) {
        assert_eq!(bridge.create("alice", "dig1", &name).await, 201);
    }
    let mut query = "?state=Running".to_owned();
    let mut tokens = Vec::new();
    loop {
        let path = format!("dig1/temporal-workflow-intents{query}");
        let page = bridge.call("dave", Method::GET, &path).send().await.unwrap();
        assert_eq!(page.status(), 200);
        let Some(token) = page.headers().get("continue") else { break };
        tokens.push(String::from_utf8(URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap());
        query = format!("?state=Running&continue={}", token.to_str().unwrap());
    }
    assert_eq!(tokens, ["i189", "i219"]);
}

#[tokio::test]
async fn alarms_are_listed_to_those_who_may_see_them() {
    let bridge = Guarded::with_policies(BINDINGS, "").await;
    let own = App::new(bridge.api.parts()).alarms;
    let dig = DigKey::new("proj1", "capp1", "v1", "dig1");
    let objects = [
        AlarmObject::bridge(),
        AlarmObject::project("proj1"),
        AlarmObject::group(&dig),
        AlarmObject::intent(&dig.intent("i077")),
        AlarmObject::workflow(&dig.intent("i070"), &"w".into()),
    ];
    for object in objects {
        own.raise(&Raised::new(object, ProbableCause::RuleBroken, "")).await.unwrap();
    }
    let group = "EMCO=proj1,CompositeApp=capp1,Version=v1,DIG=dig1";
    let (one, other) = (format!("{group},Intent=i077"), format!("{group},Intent=i070,Workflow=w"));
    for (user, expected) in [
        ("bob", vec![one.clone()]),
        ("carol", vec![other.clone()]),
        ("dave", vec![other, one, group.to_owned()]),
    ] {
        let read = async |path: &str| -> Value {
            bridge.request(user, Method::GET, path).send().await.unwrap().json().await.unwrap()
        };
        let alarms = read("/v2/alarms").await;
        let found: Vec<_> =
            alarms.as_array().unwrap().iter().map(|alarm| alarm["objectInstance"].clone()).collect();
        assert_eq!(found, expected, "{user}");
        assert_eq!(read("/v2/alarms/counts").await["majorCount"], expected.len(), "{user}");
        let of_standard = read("/FaultSupervisionMnS/v1/alarms").await;
        assert_eq!(of_standard.as_object().unwrap().len(), expected.len(), "{user}");
    }
    // An author sees none, and nor does somebody without a binding.
    for user in ["alice", "eve"] {
        let denied = bridge.request(user, Method::GET, "/v2/alarms").send().await.unwrap();
        assert_eq!(denied.status(), 403, "{user}");
    }
}
