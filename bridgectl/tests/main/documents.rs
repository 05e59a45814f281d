//! `apply`, `diff`, `delete` and `intent`.

use serde_json::{Value, json};

use crate::scene::{Ctl, GROUP, Scene};

/// EMCO's document 04, with its values filled in.
fn emcos(port: u16) -> String {
    format!(
        r#"---
version: emco/v2
resourceContext:
  anchor: projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1/temporal-workflow-intents
metadata :
  name: dig1-workflow-intent
  description: "description for intent"
spec:
  workflowClient:
     clientEndpointName: 127.0.0.1
     clientEndpointPort: {port}
  temporal:
     workflowClientName: "migrate_workflowclient"
     workflowStartOptions:
       id: "migrate-apps-1"
       taskQueue: "MIGRATION_TASK_Q"
     workflowParams:
       activityOptions:
          all-activities:
             startToCloseTimeout: 60000000000
       activityParams:
          all-activities:
             emcoURL: "http://127.0.0.1:30415"
             project: "proj1"
             compositeApp: "capp1"
             compositeAppVersion: "v1"
             deploymentIntentGroup: "dig1"
             targetClusterProvider: "provider2"
             targetClusterName: "cluster2"
---
version: emco/v2
resourceContext:
  anchor: projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1/temporal-workflow-intents/dig1-workflow-intent/start
metadata:
  name: start
---
version: emco/v2
resourceContext:
  anchor: projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1/temporal-workflow-intents/dig1-workflow-intent/schedules
metadata:
  name: nightly
spec:
  crons: ["30 2 * * *"]
"#
    )
}

#[tokio::test]
async fn documents_are_applied_compared_and_deleted() {
    let scene = Scene::new().await;
    let ctl = &scene.ctl;
    let intent = format!("intent {GROUP}/dig1-workflow-intent");
    let schedule = format!("schedule {GROUP}/dig1-workflow-intent/nightly");
    let text = emcos(scene.stack.client.port());
    let file = ctl.file("documents/04.yaml", &text);
    ctl.file("documents/notes.txt", "nothing for the bridge");
    ctl.file("documents/deep/rule.json", r#"{"metadata":{"name":"late"},"spec":{"when":{"runningFor":"30m"},"then":[{"alarm":{"probableCause":"workflowLate"}}]}}"#);
    let folder = ctl.home().join("documents").to_str().unwrap().to_owned();

    let dry = ctl.given(
        text.replacen("---", "", 1).split("---").next().unwrap(),
        &["apply", "-f", "-", "--dry-run=server"],
    );
    assert_eq!((dry.code, dry.out), (0, format!("{intent} created (server dry run)\n")), "{}", dry.err);
    assert_eq!(ctl.ok(&["intent", "get"]), "");
    let created = ctl.run(&["apply", "-f", &folder, "-R"]);
    assert_eq!(
        (created.code, created.out),
        (0, format!("{intent} created\n{schedule} created\nrule proj1/late created\n")),
        "{}",
        created.err
    );
    assert!(created.err.contains("skipped projects/proj1/"), "{}", created.err);
    assert_eq!(ctl.ok(&["apply", "-f", &file]), format!("{intent} unchanged\n{schedule} unchanged\n"));
    assert_eq!(ctl.ok(&["diff", "-f", &file]), "");

    let changed = ctl.file("changed.yaml", &text.replace("cluster2", "cluster3"));
    let diff = ctl.run(&["diff", "-f", &changed]);
    assert_eq!(diff.code, 1, "{diff:?}");
    let lines: Vec<_> = diff.out.lines().filter(|line| line.starts_with(['+', '-'])).collect();
    assert_eq!(lines.len(), 4, "{}", diff.out);
    assert!(lines[2].starts_with('-') && lines[2].ends_with("cluster2"), "{lines:?}");
    assert!(lines[3].starts_with('+') && lines[3].ends_with("cluster3"), "{lines:?}");
    let wrong = ctl.file("wrong.yaml", &text.replace("targetClusterName", "targetClusterNam"));
    let refused = ctl.fails(2, &["diff", "-f", &wrong]);
    assert!(refused.contains("did you mean `targetClusterName`?"), "{refused}");
    assert_eq!(ctl.run(&["apply", "-f", &wrong]).code, 1);
    assert_eq!(
        ctl.ok(&["apply", "-f", &changed, "-o", "name"]),
        format!("{GROUP}/dig1-workflow-intent\n{GROUP}/dig1-workflow-intent/nightly\n")
    );

    // What `get` prints can be applied.
    let yaml = ctl.ok(&["intent", "get", "dig1-workflow-intent", "-o", "yaml"]);
    let again = ctl.given(&yaml, &["apply", "-f", "-"]);
    assert_eq!((again.code, again.out), (0, format!("{intent} unchanged\n")), "{}", again.err);

    // Another bridge, or this one, takes what was exported.
    for form in ["json", "yaml"] {
        let all = ctl.ok(&["export", "-o", form]);
        let again = ctl.given(&all, &["apply", "-f", "-"]);
        let unchanged = format!("{intent} unchanged\n{schedule} unchanged\nrule proj1/late unchanged\n");
        assert_eq!((again.code, again.out), (0, unchanged), "{}", again.err);
    }

    let history = ctl.json(&["intent", "history", "dig1-workflow-intent"]);
    assert_eq!((&history[0]["revision"], &history[0]["action"]), (&json!(2), &json!("replaced")));
    ctl.ok(&["intent", "rollback", "dig1-workflow-intent"]);
    assert_eq!(ctl.ok(&["diff", "-f", &file]), "");
    let first = ctl.json(&["intent", "get", "dig1-workflow-intent", "--revision", "1"]);
    assert_eq!(first["intent"]["metadata"]["name"], "dig1-workflow-intent");
    assert!(ctl.ok(&["intent", "check", "dig1-workflow-intent"]).contains("Accepted"));

    let deleted = ctl.ok(&["delete", "-f", &folder, "-R"]);
    assert_eq!(deleted, format!("rule proj1/late deleted\n{schedule} deleted\n{intent} deleted\n"));
    ctl.fails(3, &["delete", "-f", &file]);
    ctl.ok(&["delete", "-f", &file, "--ignore-not-found"]);
}

#[tokio::test]
async fn an_intent_is_changed_in_an_editor() {
    let scene = Scene::with_gate().await;
    let with = |editor: &str| {
        let path = scene.ctl.home().join(".config/bridgectl/config.toml");
        Ctl::new().with("EDITOR", editor).with("BRIDGECTL_CONFIG", path.to_str().unwrap())
    };
    let gate = format!("intent {GROUP}/gate");
    assert_eq!(with("true").ok(&["edit", "gate"]), format!("{gate} unchanged\n"));
    assert_eq!(with("sed -i s/red/blue/").ok(&["edit", "gate"]), format!("{gate} configured\n"));
    assert!(scene.ctl.ok(&["intent", "get", "gate", "-o", "json"]).contains(r#""color":"blue""#));
    assert!(with("false").fails(1, &["edit", "gate"]).contains("nothing was changed"));
    let ctl = with("sed -i s/spec:/spek:/");
    let refused = ctl.fails(1, &["edit", "gate"]);
    let kept = refused.lines().find_map(|line| line.strip_prefix("your text is in ")).unwrap();
    assert!(std::fs::read_to_string(kept).unwrap().contains("spek:"));
    std::fs::remove_file(kept).unwrap();
}

#[tokio::test]
async fn intents_are_shown_in_each_form() {
    let scene = Scene::with_gate().await;
    let ctl = &scene.ctl;
    let table = ctl.ok(&["intent", "get"]);
    assert_eq!(
        table,
        "NAME   CLIENT           WORKFLOW ID   QUEUE\ngate   workflowclient   gate          gate\n"
    );
    assert!(
        ctl.ok(&["intent", "get", "-o", "wide"])
            .contains(&format!("127.0.0.1:{}", scene.stack.client.port()))
    );
    assert_eq!(ctl.ok(&["intent", "get", "-o", "name"]), "gate\n");
    assert_eq!(ctl.ok(&["intent", "get", &format!("{GROUP}/gate"), "-o", "name"]), "gate\n");

    // JSON is the API's, to the byte; and integers are as they were written.
    let memo = 9_007_199_254_740_993_i64;
    let mut big = scene.intent("big");
    big["spec"]["temporal"]["workflowStartOptions"]["WorkflowRunTimeout"] = json!(memo);
    let big = ctl.given(&big.to_string(), &["apply", "-f", "-", "-o", "json"]);
    let url = format!("{}/big", scene.stack.intents_url());
    let served = harness::http().get(url).send().await.unwrap().text().await.unwrap();
    assert_eq!(big.out, format!("{served}\n"));
    assert!(served.contains(&memo.to_string()));
    assert!(ctl.ok(&["intent", "get", "big", "-o", "yaml"]).contains(&memo.to_string()));
    let both: Value = ctl.json(&["intent", "get", "big", "gate"]);
    assert_eq!((&both[0]["metadata"]["name"], &both[1]["metadata"]["name"]), (&json!("big"), &json!("gate")));

    assert_eq!(ctl.ok(&["intent", "get", "--queue", "gate", "-o", "name"]), "big\ngate\n");
    assert_eq!(ctl.ok(&["intent", "get", "--client", "another", "-o", "name"]), "");
    assert_eq!(
        ctl.ok(&["intent", "delete", "big", "--dry-run"]),
        format!("intent {GROUP}/big deleted (server dry run)\n")
    );
    assert_eq!(
        ctl.ok(&["intent", "delete", "big", "gate", "-o", "name"]),
        format!("{GROUP}/big\n{GROUP}/gate\n")
    );
}
