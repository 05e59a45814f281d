//! Rules as documents: revisions, conditions, faults, rights. Temporal is away.

use harness::http;
use reqwest::RequestBuilder;
use tempfile::NamedTempFile;

use super::super::{fault_paths, header, problem_of};
use super::*;

/// The rules of a project, and those over all projects.
const BASES: [&str; 2] = ["/v2/projects/proj1/workflow-rules", "/v2/workflow-rules"];

fn late() -> Value {
    json!({"when": {"runningFor": "30m"}, "then": alarm("workflowLate")})
}

/// Builds a request about a rule of a project.
fn about(api: &Api, method: Method, below: &str) -> RequestBuilder {
    http().request(method, format!("{}{}{below}", api.url(), BASES[0]))
}

async fn put(api: &Api, name: &str, spec: &Value) -> Response {
    about(api, Method::PUT, &format!("/{name}")).body(json!({"spec": spec}).to_string()).send().await.unwrap()
}

async fn read(api: &Api, path: &str) -> Value {
    let answer = http().get(format!("{}{path}", api.url())).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_rule_has_revisions_in_a_project_and_over_all() {
    let api = Api::new().await;
    for base in BASES {
        let call = |method, below: &str| http().request(method, format!("{}{base}{below}", api.url()));
        let change = async |tag: Option<&str>, spec: Value| {
            let put = call(Method::PUT, "/late").body(json!({"spec": spec}).to_string());
            let tagged = match tag {
                Some(tag) => put.header("if-match", tag),
                None => put,
            };
            tagged.send().await.unwrap()
        };
        let created = change(None, late()).await;
        assert_eq!((created.status().as_u16(), header(&created, "etag")), (201, "\"1\""));
        assert_eq!(header(&created, "location"), format!("{base}/late"));
        let again = change(None, late()).await;
        assert_eq!((again.status().as_u16(), header(&again, "etag")), (200, "\"1\""));

        let mut later = late();
        later["for"] = json!("1m");
        let changed = change(Some("\"1\""), later).await;
        assert_eq!((changed.status().as_u16(), header(&changed, "etag")), (200, "\"2\""));
        let refused = problem_of(change(Some("\"1\""), late()).await, 412, "condition_failed").await;
        assert_eq!(refused["currentETag"], "\"2\"");

        let kept = read(&api, &format!("{base}/late")).await;
        assert_eq!(
            (&kept["metadata"]["name"], &kept["spec"]["for"]),
            (&json!("late"), &json!(60_000_000_000_i64))
        );
        assert_eq!(read(&api, base).await, json!([kept]));
        let known = call(Method::GET, "/late").header("if-none-match", "\"2\"").send().await.unwrap();
        assert_eq!((known.status().as_u16(), header(&known, "etag")), (304, "\"2\""));
        let first = read(&api, &format!("{base}/late/revisions/1")).await;
        assert_eq!(first["rule"]["spec"].get("for"), None, "{first}");
        let missing = call(Method::GET, "/late/revisions/9").send().await.unwrap();
        problem_of(missing, 404, "no_such_revision").await;
        assert_eq!(read(&api, &format!("{base}/late/decisions")).await, json!([]));

        assert_eq!(call(Method::DELETE, "/late").send().await.unwrap().status(), 204);
        for gone in
            [call(Method::GET, "/late"), call(Method::DELETE, "/late"), call(Method::GET, "/late/decisions")]
        {
            problem_of(gone.send().await.unwrap(), 404, "no_such_rule").await;
        }
        let revisions = read(&api, &format!("{base}/late/revisions?limit=2")).await;
        let actions: Vec<_> =
            revisions.as_array().unwrap().iter().map(|change| change["action"].clone()).collect();
        assert_eq!(actions, ["deleted", "replaced"]);
    }
}

#[tokio::test]
async fn rules_of_projects_and_over_all_are_apart() {
    let api = Api::new().await;
    assert_eq!(put(&api, "late", &late()).await.status(), 201);
    for other in [BASES[1], "/v2/projects/proj2/workflow-rules", "/v2/projects/*/workflow-rules"] {
        assert_eq!(read(&api, other).await, json!([]), "{other}");
    }
}

#[tokio::test]
async fn a_dry_run_keeps_nothing() {
    let api = Api::new().await;
    let body = json!({"spec": late()}).to_string();
    let dry = about(&api, Method::PUT, "/late?dryRun=All").body(body).send().await.unwrap();
    assert_eq!(dry.status(), 201);
    assert_eq!(read(&api, BASES[0]).await, json!([]));
    assert_eq!(put(&api, "late", &late()).await.status(), 201);
    let dry = about(&api, Method::DELETE, "/late?dryRun=All").send().await.unwrap();
    assert_eq!(dry.status(), 204);
    assert_eq!(read(&api, BASES[0]).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn all_faults_have_paths_and_nothing_is_kept() {
    let api = Api::new().await;
    let spec = json!({
        "scope": {"project": "proj1"},
        "when": {"all": [{"state": ["Runing"]}, {}]},
        "every": "1s",
        "then": [{"alarm": {"probableCause": "workflowlate", "severity": "BAD"}}, {"cancel": {}, "terminate": {}}],
    });
    let paths = [
        "$.spec.scope.project",
        "$.spec.every",
        "$.spec.when.all[0].state[0]",
        "$.spec.when.all[1]",
        "$.spec.then[1]",
        "$.spec.then[0].alarm.probableCause",
        "$.spec.then[0].alarm.severity",
    ];
    let problem = problem_of(put(&api, "late", &spec).await, 422, "invalid_rule").await;
    assert_eq!(fault_paths(&problem), paths);
    let body = json!({"spec": spec}).to_string();
    let rehearsed = about(&api, Method::POST, "/late/rehearse").body(body).send().await.unwrap();
    assert_eq!(fault_paths(&problem_of(rehearsed, 422, "invalid_rule").await), paths);

    // A path is as the caller wrote it, in any case of its letters.
    let body = json!({"Spec": {"When": {"runningfor": "-1s"}, "then": alarm("workflowLate")}}).to_string();
    let respelled = about(&api, Method::PUT, "/late").body(body).send().await.unwrap();
    assert_eq!(fault_paths(&problem_of(respelled, 422, "invalid_rule").await), ["$.Spec.When.runningfor"]);

    let renamed = json!({"metadata": {"name": "other"}, "spec": late()}).to_string();
    let renamed = about(&api, Method::PUT, "/late").body(renamed).send().await.unwrap();
    assert_eq!(fault_paths(&problem_of(renamed, 422, "invalid_rule").await), ["$.metadata.name"]);
    let unnamed = problem_of(put(&api, "a%20b", &late()).await, 422, "invalid_rule").await;
    assert_eq!(fault_paths(&unnamed), ["$.metadata.name"]);
    assert_eq!(read(&api, BASES[0]).await, json!([]));
}

#[tokio::test]
async fn unknown_fields_are_refused() {
    let api = Api::new().await;
    let spec = json!({"when": {"runningFor": "30m"}, "then": alarm("workflowLate"), "untill": "1h"});
    // Whatever the caller prefers.
    for (method, path) in [(Method::PUT, "/late?fieldValidation=Ignore"), (Method::POST, "/late/rehearse")] {
        let body = json!({"spec": spec}).to_string();
        let refused = about(&api, method, path).body(body).send().await.unwrap();
        let problem = problem_of(refused, 400, "unknown_fields").await;
        assert_eq!(fault_paths(&problem), ["$.spec.untill"]);
    }
    let wrong = put(&api, "late", &json!({"when": {"runningFor": true}})).await;
    assert_eq!(fault_paths(&problem_of(wrong, 422, "invalid_body").await), ["$.spec.when.runningFor"]);
}

#[tokio::test]
async fn a_rule_that_is_not_kept_can_be_rehearsed() {
    let api = Api::new().await;
    let absent = about(&api, Method::POST, "/late/rehearse").send().await.unwrap();
    problem_of(absent, 404, "no_such_rule").await;
    let nothing = json!({"lookedAt": 0, "partial": false, "decisions": [], "undecided": []});
    let body = json!({"spec": late()}).to_string();
    let rehearsed = about(&api, Method::POST, "/late/rehearse").body(body).send().await.unwrap();
    assert_eq!(rehearsed.json::<Value>().await.unwrap(), nothing);
    assert_eq!(read(&api, BASES[0]).await, json!([]));
    assert_eq!(put(&api, "late", &late()).await.status(), 201);
    let rehearsed = about(&api, Method::POST, "/late/rehearse").send().await.unwrap();
    assert_eq!(rehearsed.json::<Value>().await.unwrap(), nothing);
}

#[tokio::test]
async fn a_project_has_a_hundred_rules_at_most() {
    let api = Api::new().await;
    for number in 0..100 {
        assert_eq!(put(&api, &format!("r{number}"), &late()).await.status(), 201);
    }
    problem_of(put(&api, "one-more", &late()).await, 409, "too_many_rules").await;
    let mut changed = late();
    changed["for"] = json!("1m");
    assert_eq!(put(&api, "r0", &changed).await.status(), 200);
    assert_eq!(about(&api, Method::DELETE, "/r0").send().await.unwrap().status(), 204);
    assert_eq!(put(&api, "one-more", &late()).await.status(), 201);
    assert_eq!(read(&api, BASES[0]).await.as_array().unwrap().len(), 100);
}

const OPERATORS: &str = r#"
[[binding]]
name = "operators"
role = "operator"
subjects = [{ proxyUser = "olga" }]
scope = "proj1/**"

[[binding]]
name = "administrators"
role = "administrator"
subjects = [{ proxyUser = "adam" }]
scope = "**"
"#;

#[tokio::test]
async fn who_writes_a_rule_needs_the_rights_of_what_it_does() {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(&file, OPERATORS).unwrap();
    let api = Api::with(&["--rights", file.path().to_str().unwrap()]).await;
    let put = async |user: &str, base: &str, then: Value| {
        let body = json!({"spec": {"when": {"runningFor": "30m"}, "then": [then]}}).to_string();
        let put = http().put(format!("{}{base}/late?dryRun=All", api.url())).body(body);
        put.header("x-forwarded-user", user).send().await.unwrap()
    };
    let actions = [
        (json!({"alarm": {"probableCause": "workflowLate"}}), None),
        (json!({"notify": {"text": "it is late"}}), None),
        (json!({"signal": {"name": "hurry"}}), None),
        (json!({"start": {"intent": "repair"}}), None),
        (json!({"cancel": {}}), None),
        (json!({"cancel": {"escalateAfter": "5m"}}), Some("terminate")),
        (json!({"terminate": {}}), Some("terminate")),
    ];
    for (action, lacks) in actions {
        let of_project = put("olga", BASES[0], action.clone()).await;
        match lacks {
            None => assert_eq!(of_project.status(), 201, "{action}"),
            Some(verb) => assert_eq!(problem_of(of_project, 403, "forbidden").await["verb"], verb),
        }
        let over_all = problem_of(put("olga", BASES[1], action.clone()).await, 403, "forbidden").await;
        assert_eq!(
            (&over_all["verb"], &over_all["object"], &over_all["reason"]),
            (
                &json!("put-rule"),
                &json!("the bridge"),
                &json!("the binding `operators` is for `proj1/**` only")
            )
        );
        for base in BASES {
            assert_eq!(put("adam", base, action.clone()).await.status(), 201, "{action}");
        }
    }
    let denied = problem_of(put("eve", BASES[0], json!({})).await, 403, "forbidden").await;
    assert_eq!(denied["object"], "project `proj1`");
}
