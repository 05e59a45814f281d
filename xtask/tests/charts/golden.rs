//! The rendered charts are those of the snapshots.

use crate::Chart;

/// Sorted, since the order differs between versions of Helm.
fn sorted(text: &str) -> String {
    let mut documents: Vec<_> =
        text.split("---\n").map(str::trim).filter(|document| !document.is_empty()).collect();
    documents.sort_unstable();
    documents.join("\n---\n")
}

#[test]
fn renders_are_as_agreed() {
    for chart in Chart::all() {
        for profile in chart.profiles() {
            insta::assert_snapshot!(profile.name.clone(), sorted(&chart.render(&profile)));
        }
    }
}

#[test]
fn lint_finds_nothing_with_any_profile() {
    for chart in Chart::all() {
        for profile in chart.profiles() {
            let mut helm = chart.helm(&["lint", "--strict"]);
            profile.put(&mut helm);
            let output = helm.output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && !text.contains("[WARNING]"), "{}: {text}", profile.name);
        }
    }
}
