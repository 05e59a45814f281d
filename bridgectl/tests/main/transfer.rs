//! `export` and `import`: between bridges, and from EMCO's workflowmgr.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use harness::{SAMPLE_DIG, free_port};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::scene::{Ctl, GROUP, Ran, Scene};

/// What the real workflowmgr has answered, call by call.
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bridge/tests/recorded/workflowmgr.jsonl");

/// A workflowmgr that answers as recorded. No group but that of the samples has intents.
struct Workflowmgr {
    url: String,
    list: Arc<Mutex<String>>,
}

impl Workflowmgr {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let list = Arc::new(Mutex::new(recorded(7)));
        let served = Arc::clone(&list);
        let answer = move |Path(path): Path<String>| async move {
            let known = format!("/{path}") == format!("{SAMPLE_DIG}/temporal-workflow-intents");
            if known { served.lock().unwrap().clone() } else { "null\n".to_owned() }
        };
        tokio::spawn(
            async move { axum::serve(listener, Router::new().route("/{*path}", get(answer))).await },
        );
        Self { url, list }
    }

    fn has(&self, list: &str) {
        list.clone_into(&mut self.list.lock().unwrap());
    }
}

/// Returns the recorded answer of this number.
fn recorded(number: i64) -> String {
    let calls = std::fs::read_to_string(RECORDED).unwrap();
    let mut calls = calls.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let call = calls.find(|call| call["n"] == number).unwrap();
    call["answer"].as_str().unwrap().to_owned()
}

/// Returns the outcomes of an import, by name.
fn outcomes(ran: &Ran) -> Vec<(String, String)> {
    let report: Vec<Value> =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    report.iter().map(|line| (text(&line["name"]), text(&line["outcome"]))).collect()
}

fn all(ctl: &Ctl, file: &str, more: &[&str]) -> Vec<(String, String)> {
    let ran = ctl.run(&[&["import", "-f", file, "-o", "json"], more].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    outcomes(&ran)
}

#[tokio::test]
async fn a_project_is_exported_and_imported() {
    let scene = Scene::with_gate().await;
    let ctl = &scene.ctl;
    let mut big = scene.intent("big");
    big["spec"]["temporal"]["workflowStartOptions"]["WorkflowRunTimeout"] = json!(9_007_199_254_740_993_i64);
    let big = ctl.file("big.json", &big.to_string());
    ctl.ok(&["apply", "-f", &big, "--group", "proj1/capp1/v1/another"]);
    ctl.ok(&["apply", "-f", &big, "--group", "proj2/capp1/v1/dig1"]);
    let nightly = ctl.file("nightly.yaml", "metadata: {name: nightly}\nspec: {crons: ['30 2 * * *']}\n");
    ctl.ok(&["apply", "-f", &nightly, "--intent", "gate"]);
    let rule = "spec: {when: {runningFor: 30m}, then: [{notify: {text: late}}]}";
    let rules = format!(
        "metadata: {{name: late}}\n{rule}\n---\n\
         resourceContext: {{anchor: workflow-rules}}\nmetadata: {{name: all}}\n{rule}\n"
    );
    ctl.ok(&["apply", "-f", &ctl.file("rules.yaml", &rules)]);

    let names = [
        "proj1/capp1/v1/another/big",
        "proj1/capp1/v1/dig1/gate",
        "proj1/capp1/v1/dig1/gate/nightly",
        "proj1/late",
    ];
    let with = |outcome: &str| names.map(|name| (name.to_owned(), outcome.to_owned())).to_vec();
    let exported = ctl.ok(&["export"]);
    assert!(exported.contains(r#""WorkflowRunTimeout":9007199254740993"#), "{exported}");
    assert_eq!(ctl.ok(&["export"]), exported);
    let file = ctl.file("project.json", &exported);
    assert_eq!(all(ctl, &file, &[]), with("unchanged"));
    let yaml = ctl.file("project.yaml", &ctl.ok(&["export", "-o", "yaml"]));
    assert_eq!(all(ctl, &yaml, &[]), with("unchanged"));
    let group = ctl.file("group.json", &ctl.ok(&["export", GROUP, "--over-all"]));
    let some = all(ctl, &group, &[]);
    assert_eq!(some.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [names[1], names[2], "*/all"]);

    ctl.ok(&["delete", "-f", &file]);
    assert_eq!(ctl.json(&["export"]), json!([]));
    assert_eq!(all(ctl, &file, &["--dry-run=server"]), with("created"));
    assert_eq!(ctl.json(&["export"]), json!([]));
    assert_eq!(all(ctl, &file, &[]), with("created"));
    assert_eq!(ctl.ok(&["export"]), exported);

    // What is refused does not keep the rest.
    let wrong = exported.replace("30 2 * * *", "30 2 * *").replace("\"text\":\"late\"", "\"text\":\"later\"");
    let ran = ctl.given(&wrong, &["import", "-f", "-"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let lines: Vec<_> = ran.out.lines().collect();
    assert!(lines[3].contains("schedule   refused") && lines[3].contains("(invalid_schedule)"), "{ran:?}");
    assert!(lines[4].starts_with("proj1/late ") && lines[4].contains("rule       changed"), "{ran:?}");
    assert_eq!(ran.err, "0 created, 1 changed, 2 unchanged, 1 refused\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn intents_of_workflowmgr_are_imported() {
    let scene = Scene::new().await;
    let ctl = &scene.ctl;
    let workflowmgr = Workflowmgr::start().await;
    let emco = scene.stack.emco.url();
    let import = |more: &[&str]| {
        ctl.run(&[&["import", "-o", "json", "--workflowmgr", &workflowmgr.url], more].concat())
    };
    let imported = |more: &[&str], outcome: &str| {
        let ran = import(more);
        assert_eq!(
            (ran.code, outcomes(&ran)),
            (0, vec![(format!("{GROUP}/l1"), outcome.to_owned())]),
            "{ran:?}"
        );
    };

    assert!(ctl.fails(2, &["import", "--workflowmgr", &workflowmgr.url]).contains("give --emco URL"));
    ctl.fails(2, &["import"]);
    imported(&[GROUP, "--dry-run=server"], "created");
    assert_eq!(ctl.ok(&["intent", "get", "-o", "name"]), "");
    imported(&[GROUP], "created");
    imported(&[GROUP], "unchanged");
    // Of all groups of EMCO, those that are named by a beginning.
    imported(&["--emco", &emco], "unchanged");
    imported(&["--emco", &emco, "proj1/capp1"], "unchanged");
    assert_eq!(outcomes(&import(&["--emco", &emco, "proj2"])), []);

    // Numbers have the digits that workflowmgr has.
    for (number, digits) in [(104, r#""e":12345678901234567000"#), (109, r#""n":9007199254740992"#)] {
        workflowmgr.has(&format!("[{}]", recorded(number)));
        imported(&[GROUP], "changed");
        imported(&[GROUP], "unchanged");
        let kept = ctl.ok(&["intent", "get", "l1", "-o", "json"]);
        assert!(kept.contains(digits), "{kept}");
    }

    // What the bridge refuses is reported, and the rest is imported.
    let refused =
        recorded(29).replace("clientEndpointPort\":9190", "clientEndpointPort\":0").replace("l1", "l2");
    workflowmgr.has(&format!("[{refused},{}]", recorded(29)));
    let ran = import(&[GROUP]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let outcome = |name: &str, outcome: &str| (format!("{GROUP}/{name}"), outcome.to_owned());
    assert_eq!(outcomes(&ran), [outcome("l1", "changed"), outcome("l2", "refused")]);
    assert!(ran.out.contains("clientEndpointPort"), "{ran:?}");

    // What cannot be read is not imported at all.
    workflowmgr.has("<html>");
    assert!(
        ctl.fails(1, &["import", "--workflowmgr", &workflowmgr.url, GROUP])
            .contains("is not a list of workflow intents")
    );
    let nobody = format!("http://127.0.0.1:{}", free_port());
    ctl.fails(8, &["import", "--workflowmgr", &nobody, GROUP]);
}
