//! Who may do what, over HTTP.

mod lists;
mod matrix;
mod reload;
mod searches;
mod uses;

use std::path::Path;
use std::sync::OnceLock;

use harness::{SAMPLE_DIG, http, sample_intent};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};

use crate::api::{Api, ScriptedEngine};

/// What every caller may do today.
const EVERYTHING: &str = r#"
[[binding]]
name = "authors"
role = "author"
subjects = ["authenticated", "anonymous", "schedules", "rules"]
scope = "**"
uses = { clients = ["*"], taskQueues = ["*"] }

[[binding]]
name = "administrators"
role = "administrator"
subjects = ["authenticated", "anonymous", "schedules", "rules"]
scope = "**"
uses = { workflows = ["*"], servers = ["*"], namespaces = ["*"] }
"#;

/// Returns a file of rights with which every caller may do everything.
pub(crate) fn everything() -> &'static Path {
    static FILE: OnceLock<NamedTempFile> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, EVERYTHING).unwrap();
        file
    });
    file.path()
}

/// A bridge with rights, whose callers are named by a proxy.
struct Guarded {
    api: Api,
    _files: TempDir,
}

impl Guarded {
    async fn new(bindings: &str) -> Self {
        Self::with_policies(bindings, "").await
    }

    async fn with_policies(bindings: &str, policies: &str) -> Self {
        let files = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = files.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (rights, policies) = (file("rights.toml", bindings), file("forbid.cedar", policies));
        let flags = [
            "--trusted-proxies",
            "127.0.0.1",
            "--anonymous-networks",
            "127.0.0.1",
            "--rights",
            &rights,
            "--rights-policies",
            &policies,
        ];
        let api = Api::on_engine_with(ScriptedEngine::default(), &flags).await;
        Self { api, _files: files }
    }

    /// Builds a request of a user to a path below the sample's version of an app; of nobody, if the name is empty.
    fn call(&self, user: &str, method: Method, path: &str) -> RequestBuilder {
        let version = SAMPLE_DIG.trim_end_matches("/dig1");
        self.request(user, method, &format!("{version}/{path}"))
    }

    fn request(&self, user: &str, method: Method, path: &str) -> RequestBuilder {
        let request = http().request(method, format!("{}{path}", self.api.url()));
        if user.is_empty() { request } else { request.header("x-forwarded-user", user) }
    }

    async fn send(&self, user: &str, method: Method, path: &str, body: Value) -> Response {
        self.call(user, method, path).body(body.to_string()).send().await.unwrap()
    }

    /// Creates an intent in a group.
    async fn create(&self, user: &str, group: &str, name: &str) -> StatusCode {
        let path = format!("{group}/temporal-workflow-intents");
        self.send(user, Method::POST, &path, intent(name)).await.status()
    }

    /// Returns the answer to `GET /v2/rights`.
    async fn rights(&self, user: &str, query: &str) -> Value {
        let answer = self.request(user, Method::GET, &format!("/v2/rights?{query}")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }
}

fn intent(name: &str) -> Value {
    let mut intent = sample_intent("client.a.svc", 9090, "http://emco");
    intent["metadata"]["name"] = json!(name);
    intent["spec"]["temporal"]["workflowStartOptions"]["id"] = json!(name);
    intent
}

#[tokio::test]
async fn a_denial_names_verb_object_and_reason() {
    let bridge = Guarded::new(EVERYTHING_OF_ALICE).await;
    let denied = bridge.call("bob", Method::GET, "dig1/temporal-workflow-intents/x").send().await.unwrap();
    assert_eq!(denied.status(), 403);
    let problem: Value = denied.json().await.unwrap();
    let expected = json!({
        "code": "forbidden",
        "verb": "get",
        "object": "workflow intent `proj1/capp1/v1/dig1/x`",
        "reason": "no binding is for the proxy's user `bob`",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(problem[name], *value, "{problem}");
    }
    // Whether the intent exists makes no difference.
    assert_eq!(bridge.create("alice", "dig1", "x").await, 201);
    let again = bridge.call("bob", Method::GET, "dig1/temporal-workflow-intents/x").send().await.unwrap();
    let again: Value = again.json().await.unwrap();
    assert_eq!((&again["status"], &again["detail"]), (&problem["status"], &problem["detail"]));
}

const EVERYTHING_OF_ALICE: &str = r#"
[[binding]]
name = "authors"
role = "author"
subjects = [{ proxyUser = "alice" }]
scope = "proj1/**"
uses = { clients = ["*.a.svc:9090/*"], taskQueues = ["*"] }

[[binding]]
name = "operators"
role = "operator"
subjects = [{ proxyUser = "alice" }]
scope = "proj1/capp1/v1/dig1"
intents = ["run-*"]
"#;

#[tokio::test]
async fn callers_ask_what_they_may() {
    let bridge = Guarded::new(EVERYTHING_OF_ALICE).await;
    let one = bridge.rights("alice", "scope=proj1/capp1/v1/dig1/run-1&verb=cancel").await;
    let by = json!({"binding": "operators", "role": "operator"});
    assert_eq!(one, json!({"verb": "cancel", "allowed": true, "by": by}));
    let one = bridge.rights("alice", "scope=proj1/capp1/v1/dig1/x&verb=cancel").await;
    let reason = "the binding `operators` is for the intents `run-*` only";
    assert_eq!(one, json!({"verb": "cancel", "allowed": false, "reason": reason}));
    let all = bridge.rights("alice", "scope=proj1/capp1/v1/dig1").await;
    let allowed = all.as_array().unwrap().iter().filter(|right| right["allowed"] == true);
    let verbs: Vec<_> = allowed.map(|right| right["verb"].as_str().unwrap()).collect();
    let expected = "create replace rollback delete get list list-groups search-intents list-clients check \
                    list-revisions get-revision preview-start list-runs search-runs get-run list-schedules \
                    search-schedules get-schedule list-schedule-revisions get-schedule-revision schedule-status \
                    preview-schedule list-rules search-rules get-rule list-rule-revisions get-rule-revision";
    assert_eq!(verbs.join(" "), expected);
    for (query, parameter) in
        [("scope=a/b", "scope"), ("verb=get", "scope"), ("scope=a/b/c/d&verb=x", "verb")]
    {
        let url = format!("{}/v2/rights?{query}", bridge.api.url());
        let refused = http().get(url).send().await.unwrap();
        assert_eq!(refused.status(), 400);
        assert_eq!(refused.json::<Value>().await.unwrap()["parameter"], parameter);
    }
}
