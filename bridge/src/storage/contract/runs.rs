//! Runs.

use jiff::{SignedDuration, Timestamp};

use super::{dig, intent};
use crate::intent::{Outcome, Run, StartId};
use crate::storage::Store;

/// Stores keep microseconds.
fn now() -> Timestamp {
    Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap()
}

fn run(intent: &str, seconds_ago: i64) -> Run {
    Run {
        id: StartId::new(),
        intent: dig("dig1").intent(intent),
        workflow_id: "w-1".into(),
        idempotency_key: "key".to_owned(),
        requested_at: now() - SignedDuration::from_secs(seconds_ago),
        outcome: Outcome::Starting,
    }
}

pub(super) async fn runs_come_newest_first_and_outlive_their_intent(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    store.create_intent(&key.dig, &intent("a")).await.unwrap();
    let (old, new, other) = (run("a", 20), run("a", 10), run("b", 5));
    for run in [&new, &old, &other] {
        store.add_run(run).await.unwrap();
    }
    store.delete_intent(&key).await.unwrap();
    assert_eq!(store.runs(&key).await.unwrap(), [new, old]);
}

pub(super) async fn every_outcome_comes_back_as_it_was_settled(store: &dyn Store) {
    let at = now();
    for outcome in [
        Outcome::Started { run_id: Some("r-1".into()), at },
        Outcome::Started { run_id: None, at },
        Outcome::NotStarted { reason: "refused".to_owned(), at },
        Outcome::Unknown { reason: "lost".to_owned(), at },
    ] {
        let mut run = run("a", 0);
        store.add_run(&run).await.unwrap();
        run.workflow_id = "w-2".into();
        run.outcome = outcome;
        assert!(store.settle_run(&run).await.unwrap());
        assert!(store.runs(&run.intent).await.unwrap().contains(&run), "{run:?}");
    }
}

pub(super) async fn the_first_to_settle_wins(store: &dyn Store) {
    let mut run = run("a", 0);
    store.add_run(&run).await.unwrap();
    run.outcome = Outcome::Started { run_id: Some("r-1".into()), at: now() };
    assert!(store.settle_run(&run).await.unwrap());
    let late = Run { outcome: Outcome::Unknown { reason: "late".to_owned(), at: now() }, ..run.clone() };
    assert!(!store.settle_run(&late).await.unwrap());
    assert_eq!(store.runs(&run.intent).await.unwrap(), [run]);
    assert!(!store.settle_run(&Run { id: StartId::new(), ..late }).await.unwrap());
}

pub(super) async fn unsettled_runs_are_the_old_ones_without_an_outcome(store: &dyn Store) {
    let (older, old, recent, mut settled) = (run("a", 30), run("b", 20), run("a", 0), run("a", 20));
    for run in [&old, &older, &recent, &settled] {
        store.add_run(run).await.unwrap();
    }
    settled.outcome = Outcome::Started { run_id: None, at: now() };
    store.settle_run(&settled).await.unwrap();
    let before = now() - SignedDuration::from_secs(10);
    assert_eq!(store.unsettled_runs(before).await.unwrap(), [older, old]);
}
