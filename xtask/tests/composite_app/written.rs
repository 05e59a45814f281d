//! The folder itself: it has the same bytes each time, contains nothing of the machine, and is not written
//! after an error.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use crate::site::{Folder, xtask};

/// Returns every file below a folder, by path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[track_caller]
fn assert_refused(output: &Output, words: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains(words), "{text}");
}

#[test]
fn the_same_options_give_the_same_bytes() {
    for environment in ["dev", "test", "prod"] {
        let written = [(); 2].map(|()| files(&Folder::new(&["--env", environment]).path()));
        assert_eq!(written[0], written[1]);
        let here = env!("CARGO_MANIFEST_DIR").rsplit_once('/').unwrap().0;
        for (name, bytes) in &written[0] {
            let text = String::from_utf8_lossy(bytes);
            assert!(!text.contains(here) && !text.contains("/tmp/") && !text.contains("/root/"), "{name}");
        }
    }
}

#[test]
fn environments_and_registries_go_into_the_profiles() {
    let of = |args: &[&str]| files(&Folder::new(args).path());
    let (dev, prod) = (of(&["--env", "dev"]), of(&["--env", "prod"]));
    let elsewhere = of(&["--env", "prod", "--registry", "registry.example/team/"]);
    for app in ["bridge", "worker", "workflow-client"] {
        let (chart, profile) = (format!("apps/{app}.tgz"), format!("profiles/{app}.tgz"));
        assert!(dev[&chart] == prod[&chart] && prod[&chart] == elsewhere[&chart], "charts are the same");
        assert!(dev[&profile] != prod[&profile] && prod[&profile] != elsewhere[&profile], "profiles are not");
    }
}

#[test]
fn nothing_is_written_where_an_option_is_wrong() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    for (args, words) in [
        (&["--env", "moon"][..], "possible values: dev, test, prod"),
        (&[], "--env"),
        (&["--env", "dev", "--project", "a/b"], "EMCO takes 1 to 128 letters"),
        (&["--env", "dev", "--composite-app", "a-"], "EMCO takes"),
        (&["--env", "dev", "--version", ""], "EMCO takes"),
        (&["--env", "dev", "--dig", "Big"], "add --release"),
        (&["--env", "dev", "--release", "a.b"], "a release is"),
        (&["--env", "dev", "--cluster", "a", "--cluster", "a"], "is given twice"),
        (&["--env", "dev", "--cluster-provider", "ä"], "EMCO takes"),
        (&["--env", "dev", "--temporal-server", "a b"], "without blanks"),
        (&["--env", "prod", "--image-tag", ""], "names one version"),
        (&["--env", "prod", "--image-tag", "latest"], "names one version"),
        (&["--env", "dev", "--image-tag", "a:b"], "a tag is"),
    ] {
        assert_refused(&xtask(args, &out), words);
        assert!(!out.exists(), "{args:?}");
    }
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let dev = &["--env", "dev"];
    fs::write(home.path().join("notes"), "mine").unwrap();
    assert_refused(&xtask(dev, home.path()), "did not write");
    fs::write(home.path().join("SHA256SUMS"), "0  ../../etc/passwd\n").unwrap();
    assert_refused(&xtask(dev, home.path()), "not one of ours");
    assert_refused(&xtask(dev, &home.path().join("notes")), "cannot be used");
    assert_eq!(files(home.path()).len(), 2);
}

#[test]
fn a_folder_of_ours_is_written_again_unless_it_was_changed() {
    let folder = Folder::new(&["--env", "dev", "--cluster", "a", "--cluster", "b"]);
    let before = files(&folder.path());
    // The administrator's own files stay.
    assert!(before.contains_key("kubeconfigs/a.yaml"));
    let output = xtask(&["--env", "prod"], &folder.path());
    assert!(output.status.success(), "{output:?}");
    let after = files(&folder.path());
    assert!(after["values.yaml"] != before["values.yaml"] && after.contains_key("kubeconfigs/a.yaml"));

    folder.set(&[("Project", "mine")]);
    assert_refused(&xtask(&["--env", "prod"], &folder.path()), "values.yaml was changed");
    assert_eq!(folder.values()["Project"], "mine");
}

#[test]
fn the_documents_use_each_value_and_no_other() {
    let folder = Folder::new(&["--env", "prod"]);
    let values = folder.values();
    let mut used = std::collections::BTreeSet::new();
    for (name, bytes) in files(&folder.path()) {
        let text = String::from_utf8(bytes).unwrap_or_default();
        for part in text.split("{{.").skip(1).filter(|_| name.ends_with(".yaml")) {
            let value = part.split("}}").next().unwrap();
            assert!(values.contains_key(value), "{name} uses {value}");
            used.insert(value.to_owned());
        }
    }
    let idle: Vec<&String> = values.keys().filter(|value| !used.contains(*value)).collect();
    assert!(idle.is_empty(), "no document uses {idle:?}");
}
