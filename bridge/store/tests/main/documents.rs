//! Documents.

use std::time::Duration;

use bridge_core::model::{
    Change, ChangeKind, DocumentKey, DocumentKind, DocumentRevision, Event, EventObject, RevisionNumber,
};
use bridge_core::ports::{EventFilter, Store};
use futures::future::join_all;
use jiff::Timestamp;

use super::dig;

const KIND: DocumentKind = DocumentKind::Schedule;

fn key(name: &str) -> DocumentKey {
    DocumentKey::schedule(&dig("dig1").intent("a"), name)
}

fn revision(number: i64, kind: ChangeKind, json: Option<&str>) -> DocumentRevision {
    let at = "2026-01-02T03:04:05.678901Z".parse().unwrap();
    let change = Change { revision: number.into(), kind, by: "alice".to_owned(), at };
    DocumentRevision { change, json: json.map(str::to_owned) }
}

async fn add(store: &dyn Store, key: &DocumentKey, revision: &DocumentRevision) -> bool {
    let event = Event::of_the_bridge("put-schedule", EventObject::default(), Timestamp::UNIX_EPOCH);
    store.add_document(key, revision, &event).await.unwrap()
}

pub(super) async fn a_document_comes_back_as_it_was_kept(store: &dyn Store) {
    let key = key("s");
    assert_eq!(store.latest_document(&key).await.unwrap(), None);
    let first = revision(1, ChangeKind::Created, Some("{\"a\":\"é\"}"));
    let second = revision(2, ChangeKind::Replaced, Some("{}"));
    let third = revision(3, ChangeKind::Deleted, None);
    for revision in [&first, &second, &third] {
        assert!(add(store, &key, revision).await);
        assert!(!add(store, &key, revision).await);
        assert_eq!(store.latest_document(&key).await.unwrap().as_ref(), Some(revision));
    }
    assert_eq!(store.document_revision(&key, 1.into()).await.unwrap(), Some(first.clone()));
    assert_eq!(store.document_revision(&key, 4.into()).await.unwrap(), None);
    let changes = store.document_changes(&key, None, 2).await.unwrap();
    assert_eq!(changes, [third.change, second.change]);
    assert_eq!(store.document_changes(&key, Some(2.into()), 9).await.unwrap(), [first.change]);
    // Each change has one event, in its transaction.
    assert_eq!(store.events(&EventFilter::default(), 9).await.unwrap().len(), 3);
}

pub(super) async fn of_document_changes_at_once_one_succeeds(store: &dyn Store) {
    let (key, first) = (key("s"), revision(1, ChangeKind::Created, Some("{}")));
    let added = join_all((0..8).map(|_| add(store, &key, &first))).await;
    assert_eq!(added.iter().filter(|added| **added).count(), 1);
}

pub(super) async fn a_list_has_the_documents_that_there_are(store: &dyn Store) {
    assert!(!store.has_documents(KIND).await.unwrap());
    for name in ["b", "C", "a", "gone"] {
        assert!(add(store, &key(name), &revision(1, ChangeKind::Created, Some(name))).await);
    }
    assert!(add(store, &key("gone"), &revision(2, ChangeKind::Deleted, None)).await);
    let other = DocumentKey::schedule(&dig("dig2").intent("a"), "z");
    assert!(add(store, &other, &revision(1, ChangeKind::Created, Some("{}"))).await);
    let names = async |after: &str, limit| -> Vec<String> {
        let found = store.documents(KIND, &key("").parent, after, limit).await.unwrap();
        found.into_iter().map(|document| document.name).collect()
    };
    assert_eq!(names("", 9).await, ["C", "a", "b"]);
    assert_eq!(names("C", 1).await, ["a"]);
    let gone = DocumentKey::schedule(&dig("dig3").intent("a"), "gone");
    assert!(add(store, &gone, &revision(1, ChangeKind::Created, Some("{}"))).await);
    assert!(add(store, &gone, &revision(2, ChangeKind::Deleted, None)).await);
    assert_eq!(store.document_parents(KIND).await.unwrap(), [key("").parent, other.parent]);
    assert_eq!(store.document_parents(DocumentKind::Rule).await.unwrap(), [""; 0]);
    assert!(store.has_documents(KIND).await.unwrap());
}

pub(super) async fn what_the_engine_does_not_have_is_listed(store: &dyn Store) {
    let key = key("s");
    let is_listed = async || store.unapplied(KIND, 9).await.unwrap().contains(&key);
    add(store, &key, &revision(1, ChangeKind::Created, Some("{}"))).await;
    assert!(is_listed().await);
    store.applied(&key, RevisionNumber::FIRST).await.unwrap();
    assert!(!is_listed().await);
    add(store, &key, &revision(2, ChangeKind::Replaced, Some("{}"))).await;
    // A late note about an earlier revision.
    store.applied(&key, RevisionNumber::FIRST).await.unwrap();
    assert!(is_listed().await);
    store.applied(&key, 2.into()).await.unwrap();
    store.apply_again(KIND, &key.parent).await.unwrap();
    assert!(is_listed().await);
    store.applied(&key, 2.into()).await.unwrap();
    add(store, &key, &revision(3, ChangeKind::Deleted, None)).await;
    assert!(is_listed().await);
}

pub(super) async fn a_document_is_held_by_one(store: &dyn Store) {
    let (key, long) = (key("s"), Duration::from_secs(60));
    assert!(!store.hold(&key, long).await.unwrap());
    add(store, &key, &revision(1, ChangeKind::Created, Some("{}"))).await;
    let held = join_all((0..4).map(|_| store.hold(&key, long))).await;
    assert_eq!(held.into_iter().filter(|held| *held.as_ref().unwrap()).count(), 1);
    store.release(&key).await.unwrap();
    assert!(store.hold(&key, Duration::ZERO).await.unwrap());
    // Its time has passed.
    assert!(store.hold(&key, long).await.unwrap());
}

pub(super) async fn each_key_has_a_moment_of_its_own(store: &dyn Store) {
    let now: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
    let moment = async |name: &str, word: &str, at| store.moment_of(&key(name), word, at).await.unwrap();
    let second = |text: &str| text.parse::<Timestamp>().unwrap();
    assert_eq!(moment("s", "a", now).await, second("2026-01-02T03:04:05Z"));
    assert_eq!(moment("s", "b", now).await, second("2026-01-02T03:04:06Z"));
    let later = second("2026-01-02T04:00:00Z");
    assert_eq!(moment("s", "a", later).await, second("2026-01-02T03:04:05Z"));
    assert_eq!(moment("s", "c", later).await, later);
    assert_eq!(moment("t", "b", now).await, second("2026-01-02T03:04:05Z"));
    // After a week, a key is another one.
    let week = second("2026-01-10T00:00:00Z");
    assert_eq!(moment("s", "a", week).await, week);
    let words: Vec<_> = (0..8).map(|number| number.to_string()).collect();
    let mut moments = join_all(words.iter().map(|word| moment("u", word, now))).await;
    moments.sort_unstable();
    moments.dedup();
    assert_eq!(moments.len(), 8);
}

pub(super) async fn a_database_has_an_id_of_its_own(store: &dyn Store) {
    let id = store.installation().await.unwrap();
    assert_eq!(id.len(), 12);
    assert_eq!(store.installation().await.unwrap(), id);
}
