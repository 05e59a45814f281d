//! The text that Helm prints after an installation.

use std::fs;
use std::process::Command;

use crate::chart::{one, parse, said};
use crate::{Chart, Profile};

/// `helm template` does not print the notes, so here they are in a ConfigMap.
const WRAPPED: &str =
    "apiVersion: v1\nkind: Notes\ntext: |\n  {{- tpl (.Files.Get \"NOTES.txt\") . | nindent 2 }}\n";

fn notes(chart: &Chart, profile: &Profile) -> String {
    let home = tempfile::tempdir().unwrap();
    let copy = home.path().join(chart.name);
    let copied = Command::new("cp").arg("-rL").arg(chart.folder()).arg(&copy).status().unwrap();
    assert!(copied.success());
    fs::rename(copy.join("templates/NOTES.txt"), copy.join("NOTES.txt")).unwrap();
    fs::write(copy.join("templates/notes.yaml"), WRAPPED).unwrap();
    let mut helm = harness::helm().unwrap();
    helm.args(["template", "r1"]).arg(copy);
    profile.put(&mut helm);
    one(&parse(&said(&helm.output().unwrap()).unwrap()), "Notes")["text"].as_str().unwrap().to_owned()
}

#[test]
fn notes_say_what_to_do_next() {
    for chart in Chart::all() {
        // EMCO does not print notes.
        for profile in
            chart.profiles().into_iter().filter(|profile| !profile.name.starts_with("composite-app"))
        {
            insta::assert_snapshot!(format!("notes-{}", profile.name), notes(&chart, &profile));
        }
    }
}
