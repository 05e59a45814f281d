//! `docs/author-guide.md`, step by step: it shows what `new-client` writes, and its commands have the output
//! that it shows.
//!
//! The project is outside this workspace, so cargo would build Temporal's SDK again, with other features.
//! Here it uses our target directory, and a package with the features that this workspace uses.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod features;
mod page;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use harness::{Process, free_port, program, temporal_cli};
use serde_json::Value;
use tempfile::TempDir;

use page::{Page, Step};

/// The ports of the guide. The test uses others, since these may be in use.
const PORTS: [&str; 4] = ["7233", "9090", "9091", "9095"];
/// Long enough to build everything first.
const LIMIT: Duration = Duration::from_secs(1200);

/// A text that occurs nowhere else.
fn mark(free: &str) -> String {
    free.chars().map(|digit| format!("\u{1}{digit}")).collect()
}

/// Runs before the guide's commands: they must not see the variables that cargo sets for a test.
const PROLOGUE: &str = r#"
set -eu
unset "${!CARGO_BIN_@}" "${!CARGO_MANIFEST_@}" "${!CARGO_PKG_@}" CARGO_CRATE_NAME CARGO_PRIMARY_PACKAGE CARGO_TARGET_TMPDIR OUT_DIR
unset TEMPORAL_CLI TEMPORAL_TEST_ADDRESS
"#;

fn clone() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The author's home, with the programs that the guide needs on `PATH`.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    symlink(temporal_cli().unwrap(), bin.join("temporal")).unwrap();
    symlink(program("bridge").unwrap(), bin.join("bridge")).unwrap();
    // Cargo would build that program with other features.
    let new_client = program("new-client").unwrap();
    let cargo = env!("CARGO");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = new-client ] && shift && exec '{}' \"$@\"\nexec '{cargo}' \"$@\"\n",
        new_client.display()
    );
    page::write_program(&bin.join("cargo"), &script);
    features::write(home.path(), clone());
    home
}

#[tokio::test]
async fn the_guides_commands_lead_to_a_running_workflow() {
    let home = home();
    let mut text = fs::read_to_string(clone().join("docs/author-guide.md")).unwrap();
    let ports = PORTS.map(|port| (port, free_port().to_string()));
    // In two steps, since a free port may contain one of the guide's.
    for (port, free) in &ports {
        text = text.replace(port, &mark(free));
    }
    for (_, free) in &ports {
        text = text.replace(&mark(free), free);
    }
    text = text.replace("/home/you/temporal-emco", clone().to_str().unwrap());
    text = text.replace("/home/you", home.path().to_str().unwrap());
    let page = Page::read(&text);
    assert!(page.steps().count() > 5 && page.files().count() > 5, "the guide is not understood");

    let mut script = PROLOGUE.to_owned();
    for (index, Step { commands, .. }) in page.steps().enumerate() {
        script += &format!("exec >{}/step-{index} 2>&1\n{commands}\n", home.path().display());
        if index == 0 {
            script += features::FOLLOW;
            script += &format!("sed -i 's/{}/{}/' intent.json\n", ports[1].0, ports[1].1);
        }
    }
    // cargo would keep the programs of each home, which is another project to it.
    script += "cargo clean --quiet --package greetings --package workspace-features\n";
    let path = std::env::var("PATH").unwrap();
    let mut bash = Process::builder("bash")
        .args(["-c", &script])
        .env("PATH", format!("{}/bin:{path}", home.path().display()))
        .spawn()
        .unwrap();
    let status = bash.wait_exit(LIMIT).await.unwrap();
    let printed = |index| fs::read_to_string(home.path().join(format!("step-{index}"))).unwrap_or_default();
    let all = || (0..page.steps().count()).map(printed).collect::<Vec<_>>().join("\n--\n");
    assert!(status.success(), "{status}\n{}", all());

    for (index, step) in page.steps().enumerate() {
        let printed = printed(index);
        if let Some(missing) = step.missing_in(&printed) {
            panic!("after\n{}\nthe guide says `{missing}`, but this is printed:\n{printed}", step.commands);
        }
    }
    let project = home.path().join("greetings");
    for (name, shown) in page.files() {
        let written = fs::read_to_string(project.join(name)).unwrap();
        let written = written.replace(features::DEPENDENCY, "");
        assert!(written.contains(shown), "{name} is not what the guide shows:\n{shown}");
    }
}

#[test]
fn the_charts_have_the_values_that_the_guide_sets() {
    let text = fs::read_to_string(clone().join("docs/author-guide.md")).unwrap();
    let page = Page::read(&text);
    assert_eq!(page.values().count(), 2);
    for (chart, values) in page.values() {
        let of_chart = fs::read_to_string(clone().join(chart).join("values.yaml")).unwrap();
        let [of_chart, values]: [Value; 2] =
            [&of_chart, values].map(|yaml| serde_saphyr::from_str(yaml).unwrap());
        assert_known(chart, &values, &of_chart);
    }
}

/// Reports whether the chart has every key of the objects in `values`.
fn assert_known(path: &str, values: &Value, of_chart: &Value) {
    let Value::Object(fields) = values else { return };
    for (key, value) in fields {
        let known = of_chart.get(key).unwrap_or_else(|| panic!("{path} has no value `{key}`"));
        assert_known(&format!("{path}.{key}"), value, known);
    }
}
