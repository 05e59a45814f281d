//! App intents as JSON.

use emco::{AppIntent, Clause, Placement};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn the_example_of_emco_passes_through_unchanged() {
    // EMCO-API §6.4
    let text = r#"[{"metadata":{"name":"collectd-placement-intent","description":"d"},"spec":{"app":"collectd","intent":{"allOf":[{"clusterProvider":"provider1","clusterLabel":"edge-cluster"}]}}}]"#;
    let intents: Vec<AppIntent> = serde_json::from_str(text).unwrap();
    assert_eq!(intents[0].spec.intent.all_of, [Clause::label("provider1", "edge-cluster")]);
    assert_eq!(serde_json::to_string(&intents).unwrap(), text);
}

#[test]
fn null_lists_are_empty() {
    let intent: AppIntent = serde_json::from_value(
        json!({"metadata": {"name": "n"}, "spec": {"app": "a", "intent": {"allOf": null, "anyOf": null}}}),
    )
    .unwrap();
    assert_eq!(intent.spec.intent, Placement::default());
}

#[test]
fn an_expanded_label_is_written_once() {
    let read = json!({"selector": "label", "allOf": [
        {"clusterProvider": "p", "cluster": "c1", "clusterLabel": "edge"},
        {"clusterProvider": "p", "cluster": "x"},
        {"clusterProvider": "p", "cluster": "c2", "clusterLabel": "edge"},
        {"clusterProvider": "q", "cluster": "c1", "clusterLabel": "edge"},
    ], "anyOf": [
        {"clusterProvider": "p", "cluster": "c3", "clusterLabel": "core"},
        {"clusterProvider": "p", "cluster": "c4", "clusterLabel": "core"},
    ]});
    let written = json!({"selector": "label", "allOf": [
        {"clusterProvider": "p", "clusterLabel": "edge"},
        {"clusterProvider": "p", "cluster": "x"},
        {"clusterProvider": "q", "clusterLabel": "edge"},
    ], "anyOf": [{"clusterProvider": "p", "clusterLabel": "core"}]});
    let placement: Placement = serde_json::from_value(read).unwrap();
    assert_eq!(serde_json::to_value(placement.contracted()).unwrap(), written);
    assert_eq!(placement.contracted().contracted(), placement.contracted());
}

/// Any JSON that an EMCO may send for an object whose known fields are `known`: these, and sometimes an unknown field.
fn with_unknown(known: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    (known, prop::option::of(("new[A-Z][a-z]{0,5}", ".{0,8}"))).prop_map(|(mut object, unknown)| {
        if let Some((name, value)) = unknown {
            object[name] = json!({"nested": [value, 1, null]});
        }
        object
    })
}

fn selector() -> impl Strategy<Value = Value> {
    let target = prop_oneof![Just("cluster"), Just("clusterLabel")];
    with_unknown(
        ("\\PC{1,12}", target, "\\PC{1,12}")
            .prop_map(|(provider, target, name)| json!({"clusterProvider": provider, target: name})),
    )
}

fn clause() -> impl Strategy<Value = Value> {
    prop_oneof![
        selector(),
        with_unknown(prop::collection::vec(selector(), 1..4).prop_map(|group| json!({"anyOf": group}))),
    ]
}

fn app_intent() -> impl Strategy<Value = Value> {
    let texts = prop::collection::vec((0..3usize, "\\PC{1,20}"), 0..3);
    let placement = with_unknown(
        (prop::collection::vec(clause(), 1..4), prop::collection::vec(selector(), 1..4))
            .prop_map(|(all_of, any_of)| json!({"allOf": all_of, "anyOf": any_of})),
    );
    let metadata = with_unknown(("\\PC{1,20}", texts).prop_map(|(name, texts)| {
        let mut metadata = json!({"name": name});
        for (field, text) in texts {
            metadata[["description", "userData1", "userData2"][field]] = json!(text);
        }
        metadata
    }));
    let spec = with_unknown(
        ("\\PC{1,20}", placement).prop_map(|(app, intent)| json!({"app": app, "intent": intent})),
    );
    with_unknown((metadata, spec).prop_map(|(metadata, spec)| json!({"metadata": metadata, "spec": spec})))
}

proptest! {
    #[test]
    fn every_app_intent_passes_through_unchanged(before in app_intent()) {
        let intent: AppIntent = serde_json::from_value(before.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&intent).unwrap(), before);
    }
}
