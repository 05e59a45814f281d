//! Searches over all groups.

use bridge_core::model::{ChangeKind, IntentKey, Outcome, StartId};
use bridge_core::ports::Store;
use workflow_api::WorkflowState;

use super::intents::revision;
use super::observations::{at, of_project};
use super::rules::{end, found_running, start};
use super::starts::{LONG, begun, not_started, run, settled, started, unknown};

pub(super) async fn intents_are_found_by_project_and_text_in_the_order_of_their_names(store: &dyn Store) {
    let keys = [("p", "a_b"), ("P", "Alpha"), ("p", "axb"), ("q", "alpha"), ("p", "gone")]
        .map(|(project, name)| of_project(project, name));
    for key in &keys {
        let created = revision(1, ChangeKind::Created, Some(&key.name));
        assert!(store.add_revision(key, &created, None).await.unwrap());
    }
    let [under, big, other, small, gone] = &keys;
    let mut replaced = revision(2, ChangeKind::Replaced, Some("a_b"));
    replaced.change.at = at(9);
    assert!(store.add_revision(under, &replaced, None).await.unwrap());
    assert!(store.add_revision(gone, &revision(2, ChangeKind::Deleted, None), None).await.unwrap());
    let found =
        async |project: Option<&str>, text: &str, after: Option<&IntentKey>, limit| -> Vec<IntentKey> {
            let found = store.search_intents(project, text, after, limit).await.unwrap();
            found.into_iter().map(|found| found.key).collect()
        };
    assert_eq!(found(None, "", None, 9).await, [big, under, other, small].map(Clone::clone));
    assert_eq!(found(None, "", Some(big), 2).await, [under, other].map(Clone::clone));
    assert_eq!(found(Some("p"), "", None, 9).await, [under, other].map(Clone::clone));
    assert_eq!(found(Some("p"), "", Some(under), 9).await, [other].map(Clone::clone));
    assert_eq!(found(None, "LPH", None, 9).await, [big, small].map(Clone::clone));
    // Nothing in a text stands for others.
    assert_eq!(found(None, "a_b", None, 9).await, [under].map(Clone::clone));
    for text in ["%", "*", "!", "a\0", "none"] {
        assert_eq!(found(None, text, None, 9).await, [], "{text}");
    }
    let first = store.search_intents(Some("p"), "a_b", None, 1).await.unwrap().remove(0);
    assert_eq!((first.kept.revision.get(), first.changed_at), (2, at(9)));
    assert_eq!(first.kept.intent, replaced.intent.unwrap());
}

/// Returns the IDs of the starts that are found.
async fn found(
    store: &dyn Store,
    project: Option<&str>,
    open: bool,
    before: Option<StartId>,
) -> Vec<StartId> {
    let found = store.search_starts(project, open, before, 3).await.unwrap();
    found.into_iter().map(|start| start.id).collect()
}

pub(super) async fn starts_are_found_by_project_newest_first(store: &dyn Store) {
    let mut starts = Vec::new();
    for (number, project) in ["p", "q", "p", "p", "p"].into_iter().enumerate() {
        let mut record = run("a");
        record.intent = of_project(project, &format!("i{number}"));
        starts.push(begun(store, &record, LONG).await.id);
    }
    let [one, two, three, four, five] = starts[..] else { panic!("{starts:?}") };
    assert_eq!(found(store, None, false, None).await, [five, four, three]);
    assert_eq!(found(store, None, false, Some(three)).await, [two, one]);
    assert_eq!(found(store, Some("p"), false, Some(four)).await, [three, one]);
    assert_eq!(found(store, Some("q"), true, None).await, [two]);
    assert_eq!(found(store, Some("absent"), false, None).await, []);
}

pub(super) async fn starts_whose_end_is_noted_are_not_open(store: &dyn Store) {
    let open = start(store, "a", started(Some("r1"))).await;
    let starting = start(store, "b", Outcome::Starting).await;
    let in_doubt = start(store, "c", unknown()).await;
    for outcome in [not_started(), found_running()] {
        start(store, "d", outcome).await;
    }
    let ended = start(store, "e", started(Some("r2"))).await;
    end(store, &ended, WorkflowState::Completed).await;
    assert_eq!(found(store, None, true, None).await, [in_doubt.id, starting.id, open.id]);
    assert_eq!(found(store, Some("proj1"), true, None).await, [in_doubt.id, starting.id, open.id]);
    let settled = settled(store, starting, not_started()).await;
    assert_eq!(found(store, None, true, Some(settled.id)).await, [open.id]);
}
