//! Runs.

use std::sync::Arc;
use std::time::Duration;

use bridge_core::model::{ChangeKind, Outcome, StartId, StartKey, StartRecord};
use bridge_core::ports::{Begun, StartStore, Store, Successful, Terms};
use jiff::{SignedDuration, Timestamp};
use workflow_api::WorkflowIntentSpec;

use super::intents::{created, revision};
use super::{dig, intent};
use bridge_store::SqliteStore;

/// The lease does not expire during a test, and no key is deleted.
pub(crate) const LONG: Terms =
    Terms { lease: Duration::from_secs(3600), key_kept: Duration::from_secs(3600) };
/// The lease has expired at once.
const ABANDONED: Terms = Terms { lease: Duration::ZERO, ..LONG };

/// Stores keep microseconds.
pub(crate) fn now() -> Timestamp {
    "2026-01-02T03:04:05.678901Z".parse().unwrap()
}

pub(crate) fn run(intent: &str) -> StartRecord {
    let id = StartId::new();
    StartRecord {
        id,
        intent: dig("dig1").intent(intent),
        number: 0,
        revision: 2,
        workflow_id: "w-1".into(),
        requested_id: None,
        key: StartKey { text: id.to_string(), fingerprint: None },
        started_by: "alice".to_owned(),
        requested_at: now(),
        attempt: 0,
        outcome: Outcome::Starting,
    }
}

/// Returns a start with a caller's key.
pub(crate) fn keyed(key: &str, fingerprint: &str) -> StartRecord {
    let key = StartKey { text: key.to_owned(), fingerprint: Some(fingerprint.to_owned()) };
    StartRecord { key, ..run("a") }
}

fn spec() -> Arc<WorkflowIntentSpec> {
    Arc::new(intent("a").spec)
}

pub(crate) async fn begun(store: &dyn Store, run: &StartRecord, terms: Terms) -> StartRecord {
    match store.begin_start(run, Some(&spec()), terms, None).await.unwrap() {
        Begun::New(run) => run,
        Begun::Known(known) => panic!("known as {known:?}"),
    }
}

async fn known(store: &dyn Store, run: &StartRecord) -> StartRecord {
    match store.begin_start(run, Some(&spec()), LONG, None).await.unwrap() {
        Begun::Known(known) => known,
        Begun::New(run) => panic!("new as {run:?}"),
    }
}

pub(crate) async fn settled(store: &dyn Store, mut run: StartRecord, outcome: Outcome) -> StartRecord {
    run.outcome = outcome;
    assert!(store.settle(&run, None).await.unwrap());
    run
}

pub(crate) fn started(run_id: Option<&str>) -> Outcome {
    Outcome::Started { run_id: run_id.map(Into::into), already_running: false, at: now() }
}

pub(crate) fn not_started() -> Outcome {
    Outcome::NotStarted { reason: "refused".to_owned(), at: now() }
}

pub(crate) fn unknown() -> Outcome {
    Outcome::Unknown { reason: "lost".to_owned(), at: now() }
}

pub(super) async fn runs_come_newest_first_with_or_without_their_intent(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    let (old, other, new) = (
        begun(store, &run("a"), LONG).await,
        begun(store, &run("b"), LONG).await,
        begun(store, &run("a"), LONG).await,
    );
    assert_eq!((old.number, other.number, new.number), (1, 1, 2));
    assert_eq!(store.starts(&key, None, 10).await.unwrap(), [new, old]);
}

pub(super) async fn runs_come_in_pages(store: &dyn Store) {
    for _ in 0..5 {
        begun(store, &run("a"), LONG).await;
    }
    let key = dig("dig1").intent("a");
    let numbers = async |before, limit| -> Vec<i64> {
        store.starts(&key, before, limit).await.unwrap().iter().map(|run| run.number).collect()
    };
    assert_eq!(numbers(None, 2).await, [5, 4]);
    assert_eq!(numbers(Some(4), 2).await, [3, 2]);
    assert_eq!(numbers(Some(2), 2).await, [1]);
    assert_eq!(numbers(Some(1), 2).await, [0_i64; 0]);
}

pub(super) async fn the_workflows_that_starts_have_made_are_known(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    for (workflow, outcome, known) in [
        ("made", started(Some("r")), true),
        ("lost", unknown(), true),
        ("refused", not_started(), false),
        ("found", Outcome::Started { run_id: Some("r".into()), already_running: true, at: now() }, false),
    ] {
        let start = begun(store, &StartRecord { workflow_id: workflow.into(), ..run("a") }, LONG).await;
        settled(store, start, outcome).await;
        assert_eq!(store.has_started(&key, &workflow.into()).await.unwrap(), known, "{workflow}");
        assert!(!store.has_started(&dig("dig1").intent("b"), &workflow.into()).await.unwrap());
    }
    assert!(!store.has_started(&key, &"other".into()).await.unwrap());
}

pub(super) async fn a_run_is_found_by_either_id(store: &dyn Store) {
    let first = begun(store, &run("a"), LONG).await;
    let first = settled(store, first, started(Some("r-1"))).await;
    let second = begun(store, &run("a"), LONG).await;
    let again = settled(store, second, started(Some("r-1"))).await;
    let found =
        async |intent: &str, name: &str| store.start(&dig("dig1").intent(intent), name).await.unwrap();
    assert_eq!(found("a", &again.id.to_string()).await, Some(again));
    assert_eq!(found("a", "r-1").await, Some(first.clone()));
    assert_eq!(found("b", "r-1").await, None);
    assert_eq!(found("a", "r-2").await, None);
}

pub(super) async fn the_last_successful_start_is_found(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    let last = async |which| store.last_start(&key, which).await.unwrap();
    assert_eq!(last(Successful::Perhaps).await, None);
    let first = begun(store, &run("a"), LONG).await;
    assert_eq!(last(Successful::Surely).await, None);
    let other = StartRecord { workflow_id: "w-2".into(), requested_id: Some("w-1".into()), ..first };
    let first = settled(store, other, started(None)).await;
    let second = begun(store, &run("a"), LONG).await;
    let third = begun(store, &run("a"), LONG).await;
    let third = settled(store, third, unknown()).await;
    let fourth = begun(store, &run("a"), LONG).await;
    settled(store, fourth, not_started()).await;
    begun(store, &run("b"), LONG).await;
    assert_eq!(last(Successful::Surely).await, Some(first));
    assert_eq!(last(Successful::Perhaps).await, Some(third));
    let second = settled(store, second, started(Some("r-2"))).await;
    assert_eq!(last(Successful::Surely).await, Some(second));
}

/// It is looked up after each change: a store that keeps it in memory must notice.
pub(super) async fn the_last_start_follows_each_change(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    let last = async || store.last_start(&key, Successful::Perhaps).await.unwrap();
    assert_eq!(last().await, None);
    let first = begun(store, &run("a"), LONG).await;
    assert_eq!(last().await.as_ref(), Some(&first));
    let start = begun(store, &run("a"), LONG).await;
    assert_eq!(last().await.as_ref(), Some(&start));
    let start = settled(store, start, not_started()).await;
    assert_eq!(last().await, Some(first));
    let start = store.begin_again(&start, Some(&spec()), LONG.lease).await.unwrap().unwrap();
    assert_eq!(last().await.as_ref(), Some(&start));
    let start = settled(store, start, unknown()).await;
    assert_eq!(last().await.as_ref(), Some(&start));
    let (start, _) = store.take_over(start.id, LONG.lease).await.unwrap().unwrap();
    assert_eq!(last().await.as_ref(), Some(&start));
    let start = settled(store, start, started(Some("r-1"))).await;
    assert_eq!(last().await, Some(start));
}

pub(super) async fn the_number_gets_into_the_workflow_id(store: &dyn Store) {
    for expected in ["w-1-{{uuid}}-1", "w-2-{{uuid}}-2"] {
        let run = StartRecord { workflow_id: "w-{{run}}-{{uuid}}-{{run}}".into(), ..run("a") };
        let begun = begun(store, &run, LONG).await;
        assert_eq!(begun.workflow_id.as_str(), expected);
        assert_eq!(store.start(&begun.intent, &begun.id.to_string()).await.unwrap(), Some(begun));
    }
}

pub(super) async fn starts_at_once_get_numbers_of_their_own(store: &dyn Store) {
    let runs: Vec<_> = (0..16).map(|_| run("a")).collect();
    let mut numbers: Vec<_> = futures::future::join_all(runs.iter().map(|run| begun(store, run, LONG)))
        .await
        .into_iter()
        .map(|run| run.number)
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=16).collect::<Vec<i64>>());
}

pub(super) async fn every_outcome_comes_back_as_it_was_settled(store: &dyn Store) {
    let at = now();
    for outcome in [
        started(Some("r-1")),
        Outcome::Started { run_id: None, already_running: true, at },
        not_started(),
        unknown(),
    ] {
        let mut run = begun(store, &run("a"), LONG).await;
        run.workflow_id = "w-2".into();
        let run = settled(store, run, outcome).await;
        assert_eq!(store.start(&run.intent, &run.id.to_string()).await.unwrap(), Some(run));
    }
}

pub(super) async fn a_start_is_settled_once(store: &dyn Store) {
    let run = begun(store, &run("a"), LONG).await;
    let run = settled(store, run, started(Some("r-1"))).await;
    let late = StartRecord { outcome: unknown(), ..run.clone() };
    assert!(!store.settle(&late, None).await.unwrap());
    assert_eq!(store.starts(&run.intent, None, 10).await.unwrap(), [run]);
    assert!(!store.settle(&StartRecord { id: StartId::new(), ..late }, None).await.unwrap());
}

pub(super) async fn a_known_key_leads_to_its_start_in_any_outcome(store: &dyn Store) {
    for (key, outcome) in
        [("1", None), ("2", Some(started(Some("r-1")))), ("3", Some(not_started())), ("4", Some(unknown()))]
    {
        let mut first = begun(store, &keyed(key, "body"), LONG).await;
        if let Some(outcome) = outcome {
            first = settled(store, first, outcome).await;
        }
        assert_eq!(known(store, &keyed(key, "other")).await, first);
    }
    // Repeats are not new starts, and a key belongs to one intent only.
    assert_eq!(begun(store, &keyed("5", "body"), LONG).await.number, 5);
    let elsewhere = StartRecord { intent: dig("dig2").intent("a"), ..keyed("1", "body") };
    assert_eq!(begun(store, &elsewhere, LONG).await.number, 1);
}

pub(super) async fn of_starts_at_once_under_one_key_one_is_new(store: &dyn Store) {
    let runs: Vec<_> = (0..16).map(|_| keyed("key", "body")).collect();
    let (run_spec, starts) = (spec(), runs.iter());
    let begun =
        futures::future::join_all(starts.map(|run| store.begin_start(run, Some(&run_spec), LONG, None)))
            .await;
    let new = begun.iter().filter(|begun| matches!(begun, Ok(Begun::New(_)))).count();
    let known = begun.iter().filter(|begun| matches!(begun, Ok(Begun::Known(_)))).count();
    assert_eq!((new, known), (1, 15), "{begun:?}");
}

pub(super) async fn a_key_is_forgotten_after_its_time(store: &dyn Store) {
    let short = Terms { key_kept: Duration::ZERO, ..LONG };
    let open = begun(store, &keyed("open", "body"), short).await;
    let first = begun(store, &keyed("met", "body"), short).await;
    let first = settled(store, first, started(Some("r-1"))).await;
    let later = begun(store, &keyed("met", "other"), LONG).await;
    assert_ne!(later.id, first.id);
    let unmet = begun(store, &keyed("unmet", "body"), short).await;
    settled(store, unmet, not_started()).await;
    // The key of an open start is kept until the start is settled.
    assert_eq!(store.forget_keys().await.unwrap(), 1);
    assert_eq!(store.forget_keys().await.unwrap(), 0);
    assert_eq!(known(store, &keyed("open", "body")).await, open);
    let record = store.start(&first.intent, &first.id.to_string()).await.unwrap().unwrap();
    assert_eq!(record.key, StartKey { text: "met".to_owned(), fingerprint: None });
}

pub(super) async fn a_start_that_failed_is_begun_again_by_one(store: &dyn Store) {
    let first = begun(store, &keyed("key", "body"), LONG).await;
    let wanted = StartRecord {
        requested_at: now() + SignedDuration::from_secs(5),
        started_by: "bob".to_owned(),
        revision: 3,
        ..first.clone()
    };
    assert_eq!(store.begin_again(&wanted, Some(&spec()), LONG.lease).await.unwrap(), None);
    let first = settled(store, first, not_started()).await;
    let wanted_spec = spec();
    let (one, other) = futures::join!(
        store.begin_again(&wanted, Some(&wanted_spec), LONG.lease),
        store.begin_again(&wanted, Some(&wanted_spec), LONG.lease)
    );
    let begun: Vec<_> = [one.unwrap(), other.unwrap()].into_iter().flatten().collect();
    assert_eq!(begun, [StartRecord { attempt: 2, outcome: Outcome::Starting, ..wanted }]);
    // The process that had the start before cannot settle it any more.
    assert!(!store.settle(&StartRecord { outcome: started(None), ..first }, None).await.unwrap());
}

pub(super) async fn an_abandoned_start_is_taken_over_by_one(store: &dyn Store) {
    let held = begun(store, &run("a"), LONG).await;
    let left = begun(store, &run("a"), ABANDONED).await;
    assert_eq!(store.abandoned(10).await.unwrap(), [left.id]);
    assert_eq!(store.take_over(held.id, LONG.lease).await.unwrap(), None);
    let (one, other) =
        futures::join!(store.take_over(left.id, LONG.lease), store.take_over(left.id, LONG.lease));
    let taken: Vec<_> = [one.unwrap(), other.unwrap()].into_iter().flatten().collect();
    assert_eq!(taken, [(StartRecord { attempt: 2, ..left.clone() }, spec())]);
    assert_eq!(store.abandoned(10).await.unwrap(), []);
    let late = StartRecord { outcome: not_started(), ..left.clone() };
    assert!(!store.settle(&late, None).await.unwrap());
    settled(store, taken[0].0.clone(), started(Some("r-1"))).await;
    assert_eq!(store.take_over(left.id, LONG.lease).await.unwrap(), None);
}

pub(super) async fn an_unknown_start_is_taken_over(store: &dyn Store) {
    let run = begun(store, &run("a"), LONG).await;
    let run = settled(store, run, unknown()).await;
    assert_eq!(store.abandoned(10).await.unwrap(), []);
    let taken = store.take_over(run.id, LONG.lease).await.unwrap();
    assert_eq!(taken, Some((StartRecord { attempt: 2, outcome: Outcome::Starting, ..run }, spec())));
}

pub(super) async fn a_start_without_a_spec_of_its_own_has_that_of_its_revision(store: &dyn Store) {
    let run = run("a");
    let revisions = [
        (1, ChangeKind::Created, Some("a")),
        (2, ChangeKind::Replaced, Some("other")),
        (3, ChangeKind::Deleted, None),
    ];
    for (number, action, name) in revisions {
        assert!(store.add_revision(&run.intent, &revision(number, action, name), None).await.unwrap());
    }
    let mut expected = intent("a").spec;
    expected.temporal.workflow_client_name = "other".to_owned();
    assert!(matches!(store.begin_start(&run, None, ABANDONED, None).await.unwrap(), Begun::New(_)));
    let taken = store.take_over(run.id, LONG.lease).await.unwrap();
    assert_eq!(*taken.unwrap().1, expected);
}

pub(super) async fn a_start_without_its_revision_is_an_error(store: &dyn Store) {
    let run = run("a");
    store.add_revision(&run.intent, &created("a"), None).await.unwrap();
    assert!(matches!(store.begin_start(&run, None, ABANDONED, None).await.unwrap(), Begun::New(_)));
    let error = store.take_over(run.id, LONG.lease).await.unwrap_err().to_string();
    assert!(error.contains("table `intent_revisions`") && error.contains("row `a 2`"), "{error}");
}

pub(super) async fn a_start_is_put_off_by_its_owner_only(store: &dyn Store) {
    let run = begun(store, &run("a"), LONG).await;
    store.put_off(&StartRecord { attempt: 2, ..run.clone() }, Duration::ZERO).await.unwrap();
    assert_eq!(store.abandoned(10).await.unwrap(), []);
    store.put_off(&run, Duration::ZERO).await.unwrap();
    assert_eq!(store.abandoned(10).await.unwrap(), [run.id]);
}

pub(super) async fn the_store_answers_until_it_is_closed(store: &dyn Store) {
    store.ping().await.unwrap();
    store.close().await;
    store.ping().await.unwrap_err();
}

/// For SQLite only: its log can be cut off as by a power failure.
#[tokio::test]
async fn a_start_survives_a_power_failure_before_its_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let [before, after] = ["before.db", "after.db"].map(|name| folder.path().join(name));
    let log = |database: &std::path::Path| database.with_extension("db-wal");
    let store = SqliteStore::file(&before).await.unwrap();
    let begun = begun(&store, &run("a"), LONG).await;
    // At least this much is certainly on the disk.
    let synced = std::fs::read(log(&before)).unwrap();
    let settled = settled(&store, begun.clone(), started(Some("r-1"))).await;
    assert_eq!(store.start(&settled.intent, "r-1").await.unwrap(), Some(settled));
    assert!(std::fs::read(log(&before)).unwrap().len() > synced.len());

    std::fs::copy(&before, &after).unwrap();
    std::fs::write(log(&after), synced).unwrap();
    let store = SqliteStore::file(&after).await.unwrap();
    assert_eq!(store.abandoned(10).await.unwrap(), [begun.id]);
    let (taken, taken_spec) = store.take_over(begun.id, LONG.lease).await.unwrap().unwrap();
    assert_eq!((taken.workflow_id, taken.key), (begun.workflow_id, begun.key));
    assert_eq!(taken_spec, spec());
}
