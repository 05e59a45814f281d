//! What `cargo new-client` refuses, and where it takes the kits from. `guide` tests that its project works.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn new_client(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_new-client")).args(args).arg("--dir").arg(dir).output().unwrap()
}

#[track_caller]
fn assert_refused(output: &Output, words: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains(words), "{text}");
}

#[test]
fn nothing_is_written_where_something_is_wrong() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("taken")).unwrap();
    fs::write(home.path().join("taken/notes"), "mine").unwrap();
    fs::write(home.path().join("file"), "mine").unwrap();

    assert_refused(&new_client(home.path(), &["Back_Up"]), "lower-case letters and digits");
    assert_refused(&new_client(home.path(), &["tokio"]), "something else in the project has this name");
    assert_refused(&new_client(home.path(), &["taken"]), "taken has something in it");
    assert_refused(&new_client(home.path(), &["file"]), "file cannot be used");
    assert_refused(&new_client(&home.path().join("nowhere"), &["backup"]), "there is no folder");
    assert_refused(&new_client(Path::new(env!("CARGO_MANIFEST_DIR")), &["backup"]), "choose another --dir");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    assert_eq!(fs::read_dir(home.path().join("taken")).unwrap().count(), 1);
}

#[test]
fn an_empty_folder_is_filled_with_kits_from_a_repository() {
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join("back-up");
    fs::create_dir(&project).unwrap();
    let output = new_client(home.path(), &["back-up", "--git", "https://git.example/kits", "--rev", "v1"]);
    assert!(output.status.success(), "{output:?}");

    let manifest: toml::Table = fs::read_to_string(project.join("Cargo.toml")).unwrap().parse().unwrap();
    let worker_kit = &manifest["dev-dependencies"]["worker-kit"];
    assert_eq!(worker_kit["git"].as_str(), Some("https://git.example/kits"));
    assert_eq!(worker_kit["rev"].as_str(), Some("v1"));
    assert_eq!(worker_kit["features"].as_array().map(Vec::len), Some(1));

    for name in
        ["Cargo.toml", "intent.json", "src/client.rs", "src/lib.rs", "src/worker.rs", "src/workflow.rs"]
    {
        let text = fs::read_to_string(project.join(name)).unwrap().to_lowercase();
        let left =
            ["my-workflow", "my_workflow", "myworkflow", "../"].iter().find(|left| text.contains(**left));
        assert_eq!(left, None, "{name}");
    }
}

#[test]
fn names_that_others_would_refuse_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let names = ["", "a-", "a--b", "1a", "back_up", "back.up", "back up", "größe", "../up"];
    for name in names.into_iter().chain([&*"a".repeat(51)]) {
        assert_refused(&new_client(home.path(), &[name]), "lower-case letters and digits");
    }
    for name in ["fn", "test", "std"] {
        assert_refused(&new_client(home.path(), &[name]), "Rust keeps this name");
    }
    for name in ["guests", "serde-json"] {
        assert_refused(&new_client(home.path(), &[name]), "something else in the project");
    }
}

/// Returns the features that a crate has in the project, whoever switches them on.
fn features(project: &Path, name: &str) -> String {
    let mut tree = emco_build::cargo();
    tree.current_dir(project).args([
        "tree",
        "--offline",
        "--edges",
        "normal,dev",
        "--depth",
        "0",
        "--format",
        "{f}",
    ]);
    let output = tree.args(["--invert", name]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_kits_do_not_change_an_authors_own_dependencies() {
    let home = tempfile::tempdir().unwrap();
    assert!(new_client(home.path(), &["back-up"]).status.success());
    let project = home.path().join("back-up");
    let manifest = project.join("Cargo.toml");
    let with_reqwest = fs::read_to_string(&manifest).unwrap()
        + "reqwest = { version = \"0.13\", default-features = false }\n";
    fs::write(&manifest, with_reqwest).unwrap();

    // With a feature for TLS and no provider, a client could not be made.
    assert_eq!(features(&project, "reqwest"), "");
    // worker-kit's README lists what these change.
    let ours = ["float_roundtrip", "preserve_order", "raw_value", "unbounded_depth"];
    let implied = ["alloc", "default", "indexmap", "std"];
    let of_json = features(&project, "serde_json");
    let other = of_json.split(',').find(|feature| !ours.contains(feature) && !implied.contains(feature));
    assert_eq!(other, None, "{of_json}");
    let of_rustls = features(&project, "rustls");
    assert!(of_rustls.contains("ring") && !of_rustls.contains("aws"), "{of_rustls}");
}
