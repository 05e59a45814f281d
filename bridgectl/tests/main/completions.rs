//! Completions, with names that the bridge has.

use std::process::Command;

use harness::free_port;

use crate::scene::{Ctl, GROUP, Scene};

#[tokio::test]
async fn words_are_completed_with_names_of_the_bridge() {
    let scene = Scene::with_gate().await;
    let ctl = &scene.ctl;
    let gate = ctl.file("gate.json", &scene.intent("gatter").to_string());
    ctl.ok(&["apply", "-f", &gate, "--group", "proj2/capp1/v1/dig2"]);
    let nightly = ctl.file("nightly.yaml", "metadata: {name: nightly}\nspec: {crons: ['30 2 * * *']}\n");
    ctl.ok(&["apply", "-f", &nightly, "--intent", "gate"]);
    let rule = "spec: {when: {runningFor: 30m}, then: [{notify: {text: late}}]}";
    let rules = format!(
        "metadata: {{name: late}}\n{rule}\n---\n\
         resourceContext: {{anchor: workflow-rules}}\nmetadata: {{name: all}}\n{rule}\n"
    );
    ctl.ok(&["apply", "-f", &ctl.file("rules.yaml", &rules)]);

    assert_eq!(ctl.completes(&["status", "g"]), ["gate"]);
    assert_eq!(ctl.completes(&["intent", "get", ""]), ["gate"]);
    assert_eq!(ctl.completes(&["start", "proj2/"]), ["proj2/capp1/v1/dig2/"]);
    assert_eq!(ctl.completes(&["start", "proj2/capp1/v1/dig2/g"]), ["proj2/capp1/v1/dig2/gatter"]);
    assert_eq!(ctl.completes(&["--group", "proj2/capp1/v1/dig2", "cancel", "g"]), ["gatter"]);
    assert_eq!(ctl.completes(&["runs", "--group", "p"]), [GROUP, "proj2/capp1/v1/dig2"]);
    assert_eq!(ctl.completes(&["export", "--project", ""]), ["proj1", "proj2"]);
    assert_eq!(ctl.completes(&["export", "proj2"]), ["proj2/capp1/v1/dig2"]);
    assert_eq!(ctl.completes(&["schedule", "status", "gate", ""]), ["nightly"]);
    assert_eq!(ctl.completes(&["schedule", "get", "gate", "n"]), ["nightly"]);
    assert_eq!(ctl.completes(&["rule", "decisions", ""]), ["late", "*/all"]);
    assert_eq!(ctl.completes(&["context", "use", ""]), ["lab"]);
    assert_eq!(ctl.completes(&["unp"]), ["unpause"]);

    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_bridgectl")).parent().unwrap();
    let script = "source <(bridgectl completions bash); COMP_WORDS=(bridgectl status g) COMP_CWORD=2; \
                  _clap_complete_bridgectl bridgectl g; echo \"${COMPREPLY[@]}\"";
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).env("PATH", path).env("HOME", ctl.home()).env_remove("XDG_CONFIG_HOME");
    assert_eq!(String::from_utf8(bash.output().unwrap().stdout).unwrap(), "gate\n");
}

#[test]
fn without_a_bridge_nothing_is_completed() {
    let ctl = Ctl::new();
    assert_eq!(ctl.completes(&["status", ""]), Vec::<String>::new());
    ctl.ok(&[
        "context",
        "set",
        "lab",
        "--url",
        &format!("http://127.0.0.1:{}", free_port()),
        "--group",
        GROUP,
    ]);
    assert_eq!(ctl.completes(&["status", ""]), Vec::<String>::new());
    assert_eq!(ctl.completes(&["context", "use", "l"]), ["lab"]);
}
