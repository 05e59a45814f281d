//! The sample rules can be kept as they are.

use std::collections::BTreeSet;
use std::path::Path;

use bridge_core::model::ProbableCause;
use workflow_api::{WorkflowRule, read};

const PAGE: &str = include_str!("../../../docs/rules.md");

#[test]
fn each_sample_rule_is_known_and_sound() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/samples/rules"));
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let rule = read::<WorkflowRule>(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(rule.unknown, Vec::<String>::new(), "{}", path.display());
        let rule = rule.value;
        // Both as a rule of a project and over all projects.
        assert_eq!((rule.faults(false), rule.faults(true)), (Vec::new(), Vec::new()), "{}", path.display());
        for alarm in rule.spec.then.iter().filter_map(|action| action.alarm.as_ref()) {
            alarm.probable_cause.parse::<ProbableCause>().unwrap();
        }
        assert_eq!(path.file_stem().unwrap().to_str(), Some(rule.metadata.name.as_str()));
        assert!(PAGE.contains(&format!("(samples/rules/{}.json)", rule.metadata.name)), "{}", path.display());
        names.insert(rule.metadata.name);
    }
    let expected =
        ["cluster-near-limit", "drift", "late", "missed-schedule", "no-worker", "retrying", "stuck"];
    assert_eq!(names, expected.map(str::to_owned).into());
}
