//! An app intent that is read and written back is the same, whatever its clauses.

use emco::{AppIntent, Clause, Selector};
use emco_stand_in::samples;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::support::{DIG, GPI, ask, client, loaded};

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?"
}

fn selector() -> impl Strategy<Value = Selector> {
    (name(), name(), any::<bool>()).prop_map(|(provider, target, is_label)| {
        let (cluster, cluster_label) =
            if is_label { (String::new(), target) } else { (target, String::new()) };
        Selector { cluster_provider: provider, cluster, cluster_label, ..Selector::default() }
    })
}

fn clause() -> impl Strategy<Value = Clause> {
    prop_oneof![
        (name(), name()).prop_map(|(provider, cluster)| Clause::cluster(provider, cluster)),
        (name(), name()).prop_map(|(provider, label)| Clause::label(provider, label)),
        prop::collection::vec(selector(), 1..4).prop_map(|any_of| Clause { any_of, ..Clause::default() }),
    ]
}

fn app_intent() -> impl Strategy<Value = AppIntent> {
    let clauses = (prop::collection::vec(clause(), 0..4), prop::collection::vec(selector(), 0..4));
    (name(), name(), "\\PC{0,40}", "[<>&\"\\\\ a-z\u{2028}]{0,20}", clauses).prop_map(
        |(name, app, description, user_data, (all_of, any_of))| {
            let mut intent = AppIntent::default();
            intent.metadata.name = name;
            intent.metadata.description = description;
            intent.metadata.user_data1 = user_data;
            intent.spec.app = app;
            intent.spec.intent.all_of = all_of;
            intent.spec.intent.any_of = any_of;
            intent
        },
    )
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
            let stored = emco.put_app_intent(&dig, GPI, &intent).await.unwrap();
            prop_assert_eq!(&stored, &intent);
            let before = ask(&stand_in, "GET", &path, "").await.body;

            let listed = emco.list_app_intents(&dig, GPI).await.unwrap();
            let read = listed.into_iter().find(|of| of.metadata.name == intent.metadata.name).unwrap();
            prop_assert_eq!(&read, &intent);
            emco.put_app_intent(&dig, GPI, &read).await.unwrap();
            prop_assert_eq!(ask(&stand_in, "GET", &path, "").await.body, before);
            Ok(())
        })
    });
    result.unwrap();
}
