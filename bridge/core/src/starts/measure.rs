//! Counts starts by intent. Each label stays in the metrics until the process ends, so only a limited number
//! of intents get labels of their own.

use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use metrics::counter;

use crate::model::{DigKey, IntentKey, Outcome};

/// The counter of starts, by intent and outcome.
pub const STARTS: &str = "bridge_starts_total";

/// How many intents get labels of their own.
const MOST: usize = 1000;
/// The label of all others.
const OTHER: &str = "other";

/// Counts a start that was settled.
pub(super) fn settled(intent: &IntentKey, outcome: &Outcome) {
    static NAMED: OnceLock<Named> = OnceLock::new();
    let named = NAMED.get_or_init(|| Named::at_most(MOST)).take(intent);
    let label = |name: &str| if named { name.to_owned() } else { OTHER.to_owned() };
    let IntentKey { dig: DigKey { project, composite_app, version, dig }, name } = intent;
    counter!(
        STARTS,
        "project" => label(project),
        "composite_app" => label(composite_app),
        "composite_app_version" => label(version),
        "deployment_intent_group" => label(dig),
        "intent" => label(name),
        "outcome" => outcome.word(),
    )
    .increment(1);
}

/// The intents with labels of their own: the first ones that were counted.
struct Named {
    most: usize,
    intents: Mutex<HashSet<IntentKey>>,
}

impl Named {
    fn at_most(most: usize) -> Self {
        Self { most, intents: Mutex::default() }
    }

    /// Returns whether the intent has a label of its own, or gets one now.
    fn take(&self, intent: &IntentKey) -> bool {
        let mut intents = self.intents.lock().unwrap_or_else(PoisonError::into_inner);
        intents.contains(intent) || (intents.len() < self.most && intents.insert(intent.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_intents_have_labels_of_their_own() {
        let name = str::to_owned;
        let dig =
            DigKey { project: name("p"), composite_app: name("c"), version: name("v1"), dig: name("d") };
        let named = Named::at_most(2);
        let taken: Vec<_> =
            ["a", "b", "c", "a"].into_iter().map(|name| named.take(&dig.intent(name))).collect();
        assert_eq!(taken, [true, true, false, true]);
    }
}
