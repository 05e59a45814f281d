//! Completions, with names that the bridge has.

use std::process::Command;

use harness::{eventually, free_port};

use crate::scene::{Ctl, GROUP, SOON, Scene};

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

    for (words, names) in [
        (&["status", "g"][..], &["gate"][..]),
        (&["intent", "get", ""], &["gate"]),
        (&["start", "proj2/"], &["proj2/capp1/v1/dig2/"]),
        (&["start", "proj2/capp1/v1/dig2/g"], &["proj2/capp1/v1/dig2/gatter"]),
        (&["--group", "proj2/capp1/v1/dig2", "cancel", "g"], &["gatter"]),
        (&["runs", "--group", "p"], &[GROUP, "proj2/capp1/v1/dig2"]),
        (&["export", "--project", ""], &["proj1", "proj2"]),
        (&["export", "proj2"], &["proj2/capp1/v1/dig2"]),
        (&["schedule", "status", "gate", ""], &["nightly"]),
        (&["schedule", "get", "gate", "n"], &["nightly"]),
        (&["rule", "decisions", ""], &["late", "*/all"]),
        (&["context", "use", ""], &["lab"]),
        (&["unp"], &["unpause"]),
    ] {
        completed(words, || ctl.completes(words), names).await;
    }

    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_bridgectl")).parent().unwrap();
    let script = "source <(bridgectl completions bash); COMP_WORDS=(bridgectl status g) COMP_CWORD=2; \
                  _clap_complete_bridgectl bridgectl g; echo \"${COMPREPLY[@]}\"";
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).env("PATH", path).env("HOME", ctl.home()).env_remove("XDG_CONFIG_HOME");
    let shown = || vec![String::from_utf8(bash.output().unwrap().stdout).unwrap()];
    completed(&["bash"], shown, &["gate\n"]).await;
}

/// Completes until these names are shown: a busy bridge may not respond in the second for which a shell waits.
async fn completed(words: &[&str], mut complete: impl FnMut() -> Vec<String>, names: &[&str]) {
    eventually(SOON, &format!("{words:?} is completed"), async || {
        let shown = complete();
        if shown == names { Ok(()) } else { Err(format!("{shown:?}")) }
    })
    .await;
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
