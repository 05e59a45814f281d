//! What every store must do: the same cases run on each backend, each on a fresh database.

use jiff::{SignedDuration, Timestamp};
use workflow_api::WorkflowIntent;

use super::{CreateError, SqliteStore, Store};
use crate::intent::{DigKey, Outcome, Run, StartId};

fn dig(name: &str) -> DigKey {
    DigKey {
        project: "proj1".to_owned(),
        composite_app: "capp1".to_owned(),
        version: "v1".to_owned(),
        dig: name.to_owned(),
    }
}

fn intent(name: &str) -> WorkflowIntent {
    let mut intent = WorkflowIntent::default();
    name.clone_into(&mut intent.metadata.name);
    intent.metadata.description = "<b> & \u{2028} é".to_owned();
    intent.spec.workflow_client.client_endpoint_name = "client".to_owned();
    intent.spec.workflow_client.client_endpoint_port = 9090;
    intent.spec.temporal.workflow_start_options.id = "w-1".into();
    intent
}

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

async fn an_intent_comes_back_as_it_was_kept(store: &dyn Store) {
    let kept = intent("a");
    store.create_intent(&dig("dig1"), &kept).await.unwrap();
    assert_eq!(store.intent(&dig("dig1").intent("a")).await.unwrap(), Some(kept));
}

async fn an_absent_intent_is_none(store: &dyn Store) {
    store.create_intent(&dig("dig1"), &intent("a")).await.unwrap();
    assert_eq!(store.intent(&dig("dig1").intent("A")).await.unwrap(), None);
    assert_eq!(store.intent(&dig("dig2").intent("a")).await.unwrap(), None);
    assert_eq!(store.intents(&dig("dig2")).await.unwrap(), []);
}

async fn a_second_create_conflicts_and_changes_nothing(store: &dyn Store) {
    let first = intent("a");
    store.create_intent(&dig("dig1"), &first).await.unwrap();
    let mut second = first.clone();
    second.metadata.description = "other".to_owned();
    let error = store.create_intent(&dig("dig1"), &second).await.unwrap_err();
    assert!(matches!(&error, CreateError::AlreadyExists(key) if key.name == "a"), "got {error:?}");
    assert_eq!(store.intent(&dig("dig1").intent("a")).await.unwrap(), Some(first));
    store.create_intent(&dig("dig2"), &second).await.unwrap();
}

async fn of_creates_at_once_one_succeeds(store: &dyn Store) {
    let (group, wanted) = (dig("dig1"), intent("a"));
    let creates = (0..16).map(|_| store.create_intent(&group, &wanted));
    let results = futures::future::join_all(creates).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert!(matches!(error, CreateError::AlreadyExists(_)), "got {error:?}");
    }
}

async fn a_list_is_ordered_by_name(store: &dyn Store) {
    for name in ["b", "a", "B", "a.1", "a-1"] {
        store.create_intent(&dig("dig1"), &intent(name)).await.unwrap();
    }
    let names: Vec<_> =
        store.intents(&dig("dig1")).await.unwrap().into_iter().map(|intent| intent.metadata.name).collect();
    assert_eq!(names, ["B", "a", "a-1", "a.1", "b"]);
}

async fn a_deleted_intent_is_gone_once(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    store.create_intent(&key.dig, &intent("a")).await.unwrap();
    assert!(store.delete_intent(&key).await.unwrap());
    assert_eq!(store.intent(&key).await.unwrap(), None);
    assert!(!store.delete_intent(&key).await.unwrap());
}

async fn runs_come_newest_first_and_outlive_their_intent(store: &dyn Store) {
    let key = dig("dig1").intent("a");
    store.create_intent(&key.dig, &intent("a")).await.unwrap();
    let (old, new, other) = (run("a", 20), run("a", 10), run("b", 5));
    for run in [&new, &old, &other] {
        store.add_run(run).await.unwrap();
    }
    store.delete_intent(&key).await.unwrap();
    assert_eq!(store.runs(&key).await.unwrap(), [new, old]);
}

async fn every_outcome_comes_back_as_it_was_settled(store: &dyn Store) {
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

async fn the_first_to_settle_wins(store: &dyn Store) {
    let mut run = run("a", 0);
    store.add_run(&run).await.unwrap();
    run.outcome = Outcome::Started { run_id: Some("r-1".into()), at: now() };
    assert!(store.settle_run(&run).await.unwrap());
    let late = Run { outcome: Outcome::Unknown { reason: "late".to_owned(), at: now() }, ..run.clone() };
    assert!(!store.settle_run(&late).await.unwrap());
    assert_eq!(store.runs(&run.intent).await.unwrap(), [run]);
    assert!(!store.settle_run(&Run { id: StartId::new(), ..late }).await.unwrap());
}

async fn unsettled_runs_are_the_old_ones_without_an_outcome(store: &dyn Store) {
    let (older, old, recent, mut settled) = (run("a", 30), run("b", 20), run("a", 0), run("a", 20));
    for run in [&old, &older, &recent, &settled] {
        store.add_run(run).await.unwrap();
    }
    settled.outcome = Outcome::Started { run_id: None, at: now() };
    store.settle_run(&settled).await.unwrap();
    let before = now() - SignedDuration::from_secs(10);
    assert_eq!(store.unsettled_runs(before).await.unwrap(), [older, old]);
}

async fn it_answers_until_it_is_closed(store: &dyn Store) {
    store.ping().await.unwrap();
    store.close().await;
    store.ping().await.unwrap_err();
}

/// One test for each case; `$store` gives a fresh store and whatever must outlive it.
macro_rules! storage_contract {
    ($name:ident, $store:expr) => {
        mod $name {
            use super::*;

            storage_contract!(@cases $store;
                an_intent_comes_back_as_it_was_kept,
                an_absent_intent_is_none,
                a_second_create_conflicts_and_changes_nothing,
                of_creates_at_once_one_succeeds,
                a_list_is_ordered_by_name,
                a_deleted_intent_is_gone_once,
                runs_come_newest_first_and_outlive_their_intent,
                every_outcome_comes_back_as_it_was_settled,
                the_first_to_settle_wins,
                unsettled_runs_are_the_old_ones_without_an_outcome,
                it_answers_until_it_is_closed,
            );
        }
    };
    (@cases $store:expr; $($case:ident,)+) => {$(
        #[tokio::test]
        async fn $case() {
            let (store, _keep) = $store.await;
            super::$case(&store).await;
        }
    )+};
}

storage_contract!(sqlite_in_memory, async { (SqliteStore::in_memory().await.unwrap(), ()) });
storage_contract!(sqlite_in_a_file, sqlite_file());

async fn sqlite_file() -> (SqliteStore, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::file(&directory.path().join("bridge.db")).await.unwrap();
    (store, directory)
}

#[tokio::test]
async fn a_file_is_found_again_also_after_a_crash() {
    let (first, directory) = sqlite_file().await;
    first.create_intent(&dig("dig1"), &intent("a")).await.unwrap();
    // Not closed: the write-ahead log is all there is, as after a crash.
    let second = SqliteStore::file(&directory.path().join("bridge.db")).await.unwrap();
    assert_eq!(second.intent(&dig("dig1").intent("a")).await.unwrap(), Some(intent("a")));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bridge.db");
    std::fs::write(&path, "This is no database, and long enough to be seen as none. ".repeat(20)).unwrap();
    let error = SqliteStore::file(&path).await.unwrap_err();
    assert!(error.to_string().starts_with("the database"), "{error}");
}
