//! A cache of the latest revisions of intents: each status and each start needs one.
//!
//! It is only for a database that belongs to one process. If replicas share a database, another one may have
//! changed what is cached here.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bridge_core::model::{IntentKey, Revision};

/// Maximum number of revisions. An intent has some KiB.
const MOST: usize = 1000;

/// A cache of the latest revisions.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    revisions: HashMap<IntentKey, Revision>,
    /// How often something has changed.
    changes: u64,
}

/// The state of the cache before a lookup in the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Since(u64);

impl Latest {
    /// Returns the latest revision of an intent, or a mark for [`keep`](Self::keep).
    pub(crate) fn get(&self, key: &IntentKey) -> Result<Revision, Since> {
        let state = self.state();
        state.revisions.get(key).cloned().ok_or(Since(state.changes))
    }

    /// Caches a revision that was looked up, unless something has changed since the mark: it may be out of
    /// date.
    pub(crate) fn keep(&self, since: Since, key: &IntentKey, revision: &Revision) {
        let mut state = self.state();
        if state.changes != since.0 {
            return;
        }
        if state.revisions.len() >= MOST {
            state.revisions.clear();
        }
        state.revisions.insert(key.clone(), revision.clone());
    }

    /// Removes an intent that has, or may have, a later revision.
    pub(crate) fn forget(&self, key: &IntentKey) {
        let mut state = self.state();
        state.changes += 1;
        state.revisions.remove(key);
    }

    /// No code panics while it holds the lock, and every state is valid.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bridge_core::model::{Change, ChangeKind, DigKey, RevisionNumber};
    use jiff::Timestamp;

    use super::*;

    fn key(name: &str) -> IntentKey {
        let text = || "a".to_owned();
        let dig = DigKey { project: text(), composite_app: text(), version: text(), dig: text() };
        IntentKey { dig, name: name.to_owned() }
    }

    fn revision() -> Revision {
        let change = Change {
            revision: RevisionNumber::FIRST,
            kind: ChangeKind::Deleted,
            by: String::new(),
            at: Timestamp::UNIX_EPOCH,
        };
        Revision { change, intent: None }
    }

    #[test]
    fn what_changed_while_it_was_looked_up_is_not_kept() {
        let latest = Latest::default();
        let before = latest.get(&key("a")).unwrap_err();
        latest.forget(&key("a"));
        latest.keep(before, &key("a"), &revision());
        let after = latest.get(&key("a")).unwrap_err();
        latest.keep(after, &key("a"), &revision());
        assert!(latest.get(&key("a")).is_ok());
        latest.forget(&key("a"));
        assert!(latest.get(&key("a")).is_err());
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        let latest = Latest::default();
        for number in 0..=MOST {
            let key = key(&number.to_string());
            let since = latest.get(&key).unwrap_err();
            latest.keep(since, &key, &revision());
        }
        assert_eq!(latest.state().revisions.len(), 1);
    }
}
