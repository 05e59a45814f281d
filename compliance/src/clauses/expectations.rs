//! Expectations that several clauses share.

use crate::report::Outcome;
use crate::session::{Seen, Session, words};

/// Checks that `seen` matches `expected`.
pub(super) fn expect(holds: impl FnOnce(&Seen) -> bool, expected: &str, seen: &Seen) -> Outcome {
    Outcome::of(holds(seen), expected, words(seen))
}

/// Checks that there is no run of this workflow ID, if that can be seen.
pub(super) async fn nothing_runs(session: &Session<'_>, id: &str, after: &str) -> Outcome {
    match session.target.backstage.runs(id).await {
        None | Some(0) => Outcome::Passed,
        Some(runs) => {
            Outcome::of(false, format!("no workflow started by {after}"), format!("{runs} run(s) of `{id}`"))
        }
    }
}
