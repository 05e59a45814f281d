//! Intents.

use std::sync::Arc;

use bridge_core::access::Visible;
use bridge_core::model::{Change, ChangeKind, DigKey, Revision, RevisionNumber};
use bridge_core::ports::Store;

use super::{dig, intent};

/// Returns a revision of an intent with this name; `None` for a deletion.
pub(super) fn revision(number: i64, kind: ChangeKind, name: Option<&str>) -> Revision {
    let change = Change {
        revision: number.into(),
        kind,
        by: "Zoë".to_owned(),
        // Stores keep microseconds.
        at: "2026-01-02T03:04:05.678901Z".parse().unwrap(),
    };
    Revision { change, intent: name.map(intent).map(Arc::new) }
}

pub(super) fn created(name: &str) -> Revision {
    revision(1, ChangeKind::Created, Some(name))
}

async fn names(store: &dyn Store, after: &str, limit: u32) -> Vec<String> {
    let intents = store.intents(&dig("dig1"), &Visible::All, after, limit).await.unwrap();
    intents.into_iter().map(|kept| kept.intent.metadata.name.clone()).collect()
}

pub(super) async fn a_revision_comes_back_as_it_was_kept(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    let revisions = [
        created("a"),
        revision(2, ChangeKind::Replaced, Some("a")),
        revision(3, ChangeKind::RolledBack { to: RevisionNumber::FIRST }, Some("a")),
        revision(4, ChangeKind::Deleted, None),
    ];
    for kept in revisions {
        assert!(store.add_revision(&key, &kept, None).await.unwrap());
        assert_eq!(store.latest_revision(&key).await.unwrap().as_ref(), Some(&kept));
        assert_eq!(store.revision(&key, kept.change.revision).await.unwrap(), Some(kept));
    }
}

pub(super) async fn an_absent_intent_is_none(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    store.add_revision(&key, &created("a"), None).await.unwrap();
    for absent in [dig("dig1").intent("A"), dig("dig2").intent("a")] {
        assert_eq!(store.latest_revision(&absent).await.unwrap(), None);
        assert_eq!(store.revision(&absent, RevisionNumber::FIRST).await.unwrap(), None);
        assert_eq!(store.changes(&absent, None, 10).await.unwrap(), []);
    }
    assert_eq!(store.revision(&key, 2.into()).await.unwrap(), None);
    assert_eq!(store.intents(&dig("dig2"), &Visible::All, "", 10).await.unwrap(), []);
}

pub(super) async fn a_number_is_taken_once(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    let first = created("a");
    assert!(store.add_revision(&key, &first, None).await.unwrap());
    let mut second = revision(1, ChangeKind::Replaced, Some("a"));
    Arc::make_mut(second.intent.as_mut().unwrap()).metadata.description = "other".to_owned();
    assert!(!store.add_revision(&key, &second, None).await.unwrap());
    assert_eq!(store.latest_revision(&key).await.unwrap(), Some(first));
    assert!(!store.add_revision(&key, &revision(1, ChangeKind::Deleted, None), None).await.unwrap());
    assert_eq!(names(store, "", 10).await, ["a"]);
    assert!(store.add_revision(&dig("dig2").intent("a"), &second, None).await.unwrap());
}

pub(super) async fn of_changes_at_once_one_succeeds(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    for number in 1..=5 {
        let wanted = revision(number, ChangeKind::Replaced, Some("a"));
        let changes = (0..16).map(|_| store.add_revision(&key, &wanted, None));
        let results = futures::future::try_join_all(changes).await.unwrap();
        assert_eq!(results.iter().filter(|added| **added).count(), 1);
    }
}

pub(super) async fn a_list_is_ordered_by_name(store: &dyn Store) {
    for name in ["b", "a", "B", "a.1", "a-1", "_"] {
        store.add_revision(&dig("dig1").intent(name), &created(name), None).await.unwrap();
    }
    store.add_revision(&dig("dig2").intent("c"), &created("c"), None).await.unwrap();
    assert_eq!(names(store, "", 10).await, ["B", "_", "a", "a-1", "a.1", "b"]);
    assert_eq!(names(store, "", 2).await, ["B", "_"]);
    assert_eq!(names(store, "_", 2).await, ["a", "a-1"]);
    assert_eq!(names(store, "a+", 10).await, ["a-1", "a.1", "b"]);
    assert_eq!(names(store, "b", 2).await, Vec::<String>::new());
}

pub(super) async fn groups_are_listed_by_name(store: &dyn Store) {
    let other = DigKey::new("proj2", "capp1", "v1", "dig1");
    for dig in [&dig("dig2"), &dig("dig1"), &other] {
        for name in ["a", "b"] {
            store.add_revision(&dig.intent(name), &created(name), None).await.unwrap();
        }
    }
    let gone = dig("gone").intent("a");
    store.add_revision(&gone, &created("a"), None).await.unwrap();
    store.add_revision(&gone, &revision(2, ChangeKind::Deleted, None), None).await.unwrap();
    let all = [dig("dig1"), dig("dig2"), other];
    assert_eq!(store.groups(None, None, 10).await.unwrap(), all);
    assert_eq!(store.groups(None, None, 1).await.unwrap(), all[..1]);
    assert_eq!(store.groups(None, Some(&all[0]), 10).await.unwrap(), all[1..]);
    assert_eq!(store.groups(Some("proj2"), None, 10).await.unwrap(), all[2..]);
    assert_eq!(store.groups(Some("proj1"), Some(&all[0]), 10).await.unwrap(), all[1..2]);
}

pub(super) async fn a_list_has_the_visible_intents(store: &dyn Store) {
    for name in ["a", "a-1", "a.1", "a_1", "ab", "b", "c"] {
        store.add_revision(&dig("dig1").intent(name), &created(name), None).await.unwrap();
    }
    let visible = async |names: &[&str], after, limit| -> Vec<String> {
        let visible = Visible::Like(names.iter().map(|name| (*name).to_owned()).collect());
        let intents = store.intents(&dig("dig1"), &visible, after, limit).await.unwrap();
        intents.into_iter().map(|kept| kept.intent.metadata.name.clone()).collect()
    };
    assert_eq!(visible(&[], "", 10).await, Vec::<String>::new());
    assert_eq!(visible(&["b", "missing", "a"], "", 10).await, ["a", "b"]);
    assert_eq!(visible(&["a_*"], "", 10).await, ["a_1"]);
    assert_eq!(visible(&["a*1", "c"], "", 3).await, ["a-1", "a.1", "a_1"]);
    assert_eq!(visible(&["a*1", "c"], "a_1", 3).await, ["c"]);
    assert_eq!(visible(&["*"], "", 10).await.len(), 7);
    // More names than a statement should have: the caller filters.
    let many: Vec<_> = (0..600).map(|number| format!("i{number}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(visible(&many, "", 10).await.len(), 7);
}

pub(super) async fn a_list_has_the_latest_of_each_that_is_not_deleted(store: &dyn Store) {
    for name in ["a", "b", "c"] {
        store.add_revision(&dig("dig1").intent(name), &created(name), None).await.unwrap();
    }
    let mut replaced = revision(2, ChangeKind::Replaced, Some("b"));
    Arc::make_mut(replaced.intent.as_mut().unwrap()).metadata.description = "newer".to_owned();
    store.add_revision(&dig("dig1").intent("b"), &replaced, None).await.unwrap();
    for name in ["a", "c"] {
        store
            .add_revision(&dig("dig1").intent(name), &revision(2, ChangeKind::Deleted, None), None)
            .await
            .unwrap();
    }
    store
        .add_revision(&dig("dig1").intent("c"), &revision(3, ChangeKind::Created, Some("c")), None)
        .await
        .unwrap();
    let intents = store.intents(&dig("dig1"), &Visible::All, "", 10).await.unwrap();
    assert_eq!(intents.iter().map(|kept| kept.revision.get()).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(intents[0].intent.metadata.description, "newer");
}

pub(super) async fn changes_come_newest_first_in_pages(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    let revisions: Vec<_> =
        (1..=12).map(|number| revision(number, ChangeKind::Replaced, Some("a"))).collect();
    for revision in &revisions {
        store.add_revision(&key, revision, None).await.unwrap();
    }
    let newest_first: Vec<_> = revisions.into_iter().rev().map(|revision| revision.change).collect();
    assert_eq!(store.changes(&key, None, 100).await.unwrap(), newest_first);
    assert_eq!(store.changes(&key, None, 2).await.unwrap(), newest_first[..2]);
    assert_eq!(store.changes(&key, Some(11.into()), 3).await.unwrap(), newest_first[2..5]);
    assert_eq!(store.changes(&key, Some(RevisionNumber::FIRST), 3).await.unwrap(), []);
}
