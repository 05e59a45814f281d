//! Rules act by rights of their own.

use tempfile::NamedTempFile;

use super::*;

/// Everybody may do everything, but for rules: of these, one may only look, and one may do more.
const TWO_RULES: &str = r#"
[[binding]]
name = "authors"
role = "author"
subjects = ["authenticated", "anonymous"]
scope = "**"
uses = { clients = ["*"], taskQueues = ["*"] }

[[binding]]
name = "administrators"
role = "administrator"
subjects = ["authenticated", "anonymous"]
scope = "**"

[[binding]]
name = "one-looks"
role = "viewer"
subjects = [{ rule = "proj1/looks" }]
scope = "proj1/**"

[[binding]]
name = "one-acts"
role = "operator"
subjects = [{ rule = "*/acts" }]
scope = "**"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_rule_needs_rights_of_its_own() {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(&file, TWO_RULES).unwrap();
    let scene = Scene::with("Gate", &["--rights", file.path().to_str().unwrap()]).await;
    let spec = json!({"when": {"state": ["Running"]}, "then": [{"cancel": {}}]});
    for rule in ["blind", "looks"] {
        scene.rule(rule, spec.clone()).await;
    }
    let run = scene.start(json!({})).await;
    let fired = scene.decided("looks", "Fired").await;
    assert_eq!(fired["actions"][0]["state"], "Refused", "{fired}");
    assert!(scene.turn("blind").await.is_empty());
    let broken = scene.alarms("ruleBroken").await;
    assert!(broken[0]["additionalText"].as_str().unwrap().contains("proj1/blind"), "{broken:?}");
    assert!(scene.events(&run, "WORKFLOW_EXECUTION_CANCEL_REQUESTED").await.is_empty());

    let everywhere = format!("{}/v2/workflow-rules/acts", scene.api.url());
    let body = json!({"metadata": {"name": "acts"}, "spec": spec}).to_string();
    assert_eq!(harness::http().put(everywhere).body(body).send().await.unwrap().status(), 201);
    eventually(SOON, "it is cancelled", async || {
        scene.app.rules.turn(&RuleKey::of("*", "acts")).await.unwrap();
        scene.events(&run, "WORKFLOW_EXECUTION_CANCEL_REQUESTED").await.pop()
    })
    .await;
    let events = scene.get("/v2/audit?verb=cancel&outcome=succeeded").await;
    assert_eq!(events[0]["actor"], json!({"name": "rule/*/acts", "kind": "rule", "author": "anonymous"}));
    let denied = scene.get("/v2/audit?verb=cancel&outcome=denied").await;
    assert_eq!(denied[0]["actor"]["name"], "rule/proj1/looks");
}
