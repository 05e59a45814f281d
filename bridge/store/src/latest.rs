//! A cache of what each status and each start looks up: the latest revision of an intent, and its last start.
//!
//! It is only for a database that belongs to one process. If replicas share a database, another one may have
//! changed what is cached here.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bridge_core::model::{IntentKey, Revision, StartRecord};
use bridge_core::ports::Successful;

/// Maximum number of values of each kind. A revision has some KiB.
const MOST: usize = 1000;

/// The caches of a database.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    /// The latest revisions of intents.
    pub(crate) revisions: Latest<IntentKey, Revision>,
    /// The last starts of intents; `None` for an intent that was never started.
    pub(crate) starts: Latest<(IntentKey, Successful), Option<StartRecord>>,
}

impl Caches {
    /// Removes the last starts of an intent of which a start has, or may have, changed.
    pub(crate) fn forget_starts(&self, key: &IntentKey) {
        for which in [Successful::Surely, Successful::Perhaps] {
            self.starts.forget(&(key.clone(), which));
        }
    }
}

/// A cache of the latest values.
#[derive(Debug)]
pub(crate) struct Latest<K, V> {
    state: Mutex<State<K, V>>,
}

#[derive(Debug)]
struct State<K, V> {
    values: HashMap<K, V>,
    /// How often something has changed.
    changes: u64,
}

impl<K, V> Default for Latest<K, V> {
    fn default() -> Self {
        Self { state: Mutex::new(State { values: HashMap::new(), changes: 0 }) }
    }
}

impl<K: Eq + Hash, V: Clone> Latest<K, V> {
    /// Returns the cached value, or the one that `look_up` finds. That one is cached, unless something has changed
    /// meanwhile: it may be out of date.
    pub(crate) async fn get<E>(
        &self,
        key: K,
        look_up: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        let before = {
            let state = self.state();
            if let Some(value) = state.values.get(&key) {
                return Ok(Some(value.clone()));
            }
            state.changes
        };
        let found = look_up.await?;
        let mut state = self.state();
        if let Some(value) = &found
            && state.changes == before
        {
            if state.values.len() >= MOST {
                state.values.clear();
            }
            state.values.insert(key, value.clone());
        }
        drop(state);
        Ok(found)
    }

    /// Removes a value that has, or may have, changed.
    pub(crate) fn forget(&self, key: &K) {
        let mut state = self.state();
        state.changes += 1;
        state.values.remove(key);
    }

    /// Removes all values.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.changes += 1;
        state.values.clear();
    }

    /// No code panics while it holds the lock, and every state is valid.
    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn look_up<K: Eq + Hash>(latest: &Latest<K, i32>, key: K, found: i32) -> i32 {
        latest.get::<()>(key, async { Ok(Some(found)) }).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn what_changed_while_it_was_looked_up_is_not_kept() {
        let latest = Latest::default();
        for change in [|latest: &Latest<_, _>| latest.forget(&"a"), |latest: &Latest<_, _>| latest.clear()] {
            let changed = async {
                change(&latest);
                Ok::<_, ()>(Some(1))
            };
            assert_eq!(latest.get("a", changed).await.unwrap(), Some(1));
            assert_eq!(look_up(&latest, "a", 2).await, 2);
            assert_eq!(look_up(&latest, "a", 3).await, 2);
            change(&latest);
        }
    }

    #[tokio::test]
    async fn so_many_are_kept_and_no_more() {
        let latest = Latest::default();
        for number in 0..=MOST {
            look_up(&latest, number, 1).await;
        }
        assert_eq!(latest.state().values.len(), 1);
    }
}
