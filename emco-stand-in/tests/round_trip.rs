//! An app intent comes back as EMCO keeps it, whatever its clauses and texts.

use emco::{AppIntent, Clause};
use emco_stand_in::samples;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{DIG, GPI, ask, client, loaded};

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?"
}

/// What can be placed on: the clusters of the samples' logical cloud.
fn clause() -> impl Strategy<Value = Clause> {
    prop_oneof![
        Just(Clause::cluster("provider1", "cluster1")),
        Just(Clause::cluster("provider2", "cluster2")),
        Just(Clause::label("provider1", "edge-cluster")),
    ]
}

fn app_intent() -> impl Strategy<Value = AppIntent> {
    let clauses = prop::collection::vec(clause(), 0..4);
    (name(), name(), "\\PC{0,40}", "[<>&\"\\\\ a-z\u{2028}]{0,20}", clauses).prop_map(
        |(name, app, description, user_data, clauses)| {
            let mut intent = AppIntent::default();
            intent.metadata.name = name;
            intent.metadata.description = description;
            intent.metadata.user_data1 = user_data;
            intent.spec.app = app;
            intent.spec.intent.all_of = clauses;
            intent
        },
    )
}

/// The intent as EMCO stores it: the selector first, and beside a label its cluster.
fn stored(intent: &Value) -> (Value, bool) {
    let mut stored = intent.clone();
    let placement = &mut stored["spec"]["intent"];
    let by_label = placement.to_string().contains("clusterLabel");
    let mut expanded = json!({"selector": if by_label { "label" } else { "name" }});
    if let Some(clauses) = placement.get("allOf").and_then(Value::as_array) {
        expanded["allOf"] = clauses
            .iter()
            .map(|clause| match clause.get("clusterLabel") {
                Some(label) => {
                    json!({"clusterProvider": "provider1", "cluster": "cluster1", "clusterLabel": label})
                }
                None => clause.clone(),
            })
            .collect();
    }
    *placement = expanded;
    (stored, by_label)
}

#[test]
fn app_intents_survive_the_round_trip() {
    let runtime = Runtime::new().unwrap();
    let stand_in = runtime.block_on(loaded());
    let (emco, dig) = (client(&stand_in), samples::dig());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(64));
    let result = runner.run(&app_intent(), |intent| {
        runtime.block_on(async {
            let path = format!("{DIG}/generic-placement-intents/{GPI}/app-intents/{}", intent.metadata.name);
            let (expected, by_label) = stored(&serde_json::to_value(&intent).unwrap());
            let put = ask(&stand_in, "PUT", &path, &serde_json::to_string(&intent).unwrap()).await;
            prop_assert_eq!(&serde_json::from_str::<Value>(&put.body).unwrap(), &expected);
            let got = ask(&stand_in, "GET", &path, "").await;
            prop_assert_eq!(&got.body, &put.body);

            let listed = emco.list_app_intents(&dig, GPI).await.unwrap();
            let read = listed.iter().find(|of| of.metadata.name == intent.metadata.name).unwrap();
            prop_assert_eq!(&read.metadata, &intent.metadata);
            // EMCO refuses its own response if a label has become a cluster.
            let again = ask(&stand_in, "PUT", &path, &got.body).await;
            prop_assert_eq!(again.status, if by_label { 400 } else { 200 });
            prop_assert_eq!(ask(&stand_in, "GET", &path, "").await.body, got.body);
            Ok(())
        })
    });
    result.unwrap();
}
