//! Intents.

use super::{dig, intent};
use crate::storage::{CreateError, Store};

pub(super) async fn an_intent_comes_back_as_it_was_kept(store: &dyn Store) {
    let kept = intent("a");
    store.create_intent(&dig("dig1"), &kept).await.unwrap();
    assert_eq!(store.intent(&dig("dig1").intent("a")).await.unwrap(), Some(kept));
}

pub(super) async fn an_absent_intent_is_none(store: &dyn Store) {
    store.create_intent(&dig("dig1"), &intent("a")).await.unwrap();
    assert_eq!(store.intent(&dig("dig1").intent("A")).await.unwrap(), None);
    assert_eq!(store.intent(&dig("dig2").intent("a")).await.unwrap(), None);
    assert_eq!(store.intents(&dig("dig2")).await.unwrap(), []);
}

pub(super) async fn a_second_create_conflicts_and_changes_nothing(store: &dyn Store) {
    let first = intent("a");
    store.create_intent(&dig("dig1"), &first).await.unwrap();
    let mut second = first.clone();
    second.metadata.description = "other".to_owned();
    let error = store.create_intent(&dig("dig1"), &second).await.unwrap_err();
    assert!(matches!(&error, CreateError::AlreadyExists(key) if key.name == "a"), "got {error:?}");
    assert_eq!(store.intent(&dig("dig1").intent("a")).await.unwrap(), Some(first));
    store.create_intent(&dig("dig2"), &second).await.unwrap();
}

pub(super) async fn of_creates_at_once_one_succeeds(store: &dyn Store) {
    let (group, wanted) = (dig("dig1"), intent("a"));
    let creates = (0..16).map(|_| store.create_intent(&group, &wanted));
    let results = futures::future::join_all(creates).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert!(matches!(error, CreateError::AlreadyExists(_)), "got {error:?}");
    }
}

pub(super) async fn a_list_is_ordered_by_name(store: &dyn Store) {
    for name in ["b", "a", "B", "a.1", "a-1"] {
        store.create_intent(&dig("dig1"), &intent(name)).await.unwrap();
    }
    let names: Vec<_> =
        store.intents(&dig("dig1")).await.unwrap().into_iter().map(|intent| intent.metadata.name).collect();
    assert_eq!(names, ["B", "a", "a-1", "a.1", "b"]);
}

pub(super) async fn a_deleted_intent_is_gone_once(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    store.create_intent(&key.dig, &intent("a")).await.unwrap();
    assert!(store.delete_intent(&key).await.unwrap());
    assert_eq!(store.intent(&key).await.unwrap(), None);
    assert!(!store.delete_intent(&key).await.unwrap());
}
