//! The store as a whole.

use bridge_core::ports::Store;

pub(super) async fn it_answers_until_it_is_closed(store: &dyn Store) {
    store.ping().await.unwrap();
    store.close().await;
    store.ping().await.unwrap_err();
}
