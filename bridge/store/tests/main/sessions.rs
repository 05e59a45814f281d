//! Sessions of browsers.

use std::time::Duration;

use bridge_core::model::Event;
use bridge_core::ports::{EventFilter, NewSession};
use bridge_store::Database;
use harness::eventually;

use super::audit::event;

const LONG: Duration = Duration::from_secs(60);

async fn begin(store: &dyn Database, id: &str, content: &[u8], lasts: Duration) {
    let session = NewSession { id: id.to_owned(), content: content.to_vec(), lasts };
    store.begin_session(&session, &event("alice", "login", "", 1)).await.unwrap();
}

async fn verbs(store: &dyn Database) -> Vec<String> {
    let kept = store.events(&EventFilter::default(), 100).await.unwrap();
    kept.into_iter().map(|kept| kept.event.verb).collect()
}

fn logout() -> Event {
    event("alice", "logout", "", 2)
}

pub(crate) async fn a_session_ends_once_with_its_event(store: &dyn Database) {
    assert_eq!(store.session("a").await.unwrap(), None);
    begin(store, "a", &[0, 255], LONG).await;
    begin(store, "b", &[1], LONG).await;
    assert_eq!(store.session("a").await.unwrap(), Some(vec![0, 255]));
    assert_eq!(verbs(store).await, ["login", "login"]);
    assert!(store.end_session("a", &logout()).await.unwrap());
    assert!(!store.end_session("a", &logout()).await.unwrap());
    assert_eq!(store.session("a").await.unwrap(), None);
    assert_eq!(store.session_to_renew("a", LONG).await.unwrap(), None);
    store.renew_session("a", &[2]).await.unwrap();
    assert_eq!(store.session("a").await.unwrap(), None);
    assert_eq!(store.session("b").await.unwrap(), Some(vec![1]));
    assert_eq!(verbs(store).await, ["logout", "login", "login"]);
}

pub(crate) async fn a_session_is_renewed_by_one_at_a_time(store: &dyn Database) {
    begin(store, "a", &[1], LONG).await;
    let renewals = (0..8).map(|_| store.session_to_renew("a", LONG));
    let renewals = futures::future::join_all(renewals).await;
    let taken: Vec<_> = renewals.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(taken, [vec![1]]);
    store.renew_session("a", &[2]).await.unwrap();
    assert_eq!(store.session("a").await.unwrap(), Some(vec![2]));
    assert_eq!(store.session_to_renew("a", Duration::from_millis(50)).await.unwrap(), Some(vec![2]));
    // One that was not completed is taken again after its time.
    eventually(LONG, "the session can be renewed", async || {
        store.session_to_renew("a", LONG).await.unwrap().is_some()
    })
    .await;
}

pub(crate) async fn a_session_ends_after_its_time(store: &dyn Database) {
    begin(store, "a", &[1], Duration::from_millis(50)).await;
    eventually(LONG, "the session has ended", async || store.session("a").await.unwrap().is_none()).await;
    assert_eq!(store.session_to_renew("a", LONG).await.unwrap(), None);
    assert!(!store.end_session("a", &logout()).await.unwrap());
    // The next login deletes it.
    begin(store, "b", &[1], LONG).await;
    begin(store, "a", &[2], LONG).await;
    assert_eq!(store.session("a").await.unwrap(), Some(vec![2]));
}
