//! The file of SQLite.

use std::fs::File;
use std::path::Path;

use bridge_core::model::RevisionNumber;
use bridge_core::ports::{IntentStore, StartStore, Store};
use bridge_store::SqliteStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::{dig, intents, sqlite_file, starts};

#[tokio::test]
async fn a_file_is_found_again_also_after_a_crash() {
    let (first, directory) = sqlite_file().await;
    let (key, kept) = (dig("dig1").intent("a"), intents::created("a"));
    first.add_revision(&key, &kept, None).await.unwrap();
    // The store is not closed: only the write-ahead log has the data, as after a crash.
    let crashed = tempfile::tempdir().unwrap();
    for name in ["bridge.db", "bridge.db-wal"] {
        std::fs::copy(directory.path().join(name), crashed.path().join(name)).unwrap();
    }
    let second = SqliteStore::file(&crashed.path().join("bridge.db")).await.unwrap();
    assert_eq!(second.latest_revision(&key).await.unwrap(), Some(kept));
}

/// Locks a file as another process would.
fn held(path: &Path) -> File {
    let file = File::create_new(path).unwrap();
    file.lock().unwrap();
    file
}

#[tokio::test(start_paused = true)]
async fn a_file_belongs_to_one_process_under_any_name() {
    let directory = tempfile::tempdir().unwrap();
    let [path, hard, soft] = ["bridge.db", "hard.db", "soft.db"].map(|name| directory.path().join(name));
    let other = held(&path);
    std::fs::hard_link(&path, &hard).unwrap();
    std::os::unix::fs::symlink(&path, &soft).unwrap();
    for name in [&path, &hard, &soft] {
        let error = SqliteStore::file(name).await.unwrap_err();
        assert!(error.to_string().contains("is in use by another process"), "{error}");
    }
    drop(other);
    tokio::time::resume();
    SqliteStore::file(&soft).await.unwrap();
}

#[tokio::test]
async fn a_store_locks_its_file() {
    let (_store, directory) = sqlite_file().await;
    let file = File::options().write(true).open(directory.path().join("bridge.db")).unwrap();
    assert!(file.try_lock().is_err());
}

#[tokio::test]
async fn a_deleted_or_replaced_file_fails_writes_and_readiness() {
    for name in ["bridge.db", "bridge.db-wal"] {
        let (store, directory) = sqlite_file().await;
        let (path, away) = (directory.path().join(name), directory.path().join("away"));
        let key = dig("dig1").intent("a");
        store.ping().await.unwrap();
        store.add_revision(&key, &intents::created("a"), None).await.unwrap();
        std::fs::rename(&path, &away).unwrap();
        for replaced in [false, true] {
            if replaced {
                std::fs::copy(&away, &path).unwrap();
            }
            let error = workflow_api::chain(&store.ping().await.unwrap_err());
            assert!(error.contains("was deleted or replaced") && error.contains(name), "{error}");
            let other = dig("dig1").intent("b");
            assert!(store.add_revision(&other, &intents::created("b"), None).await.is_err());
            store.forget_keys().await.unwrap_err();
            store.begin_start(&starts::run("a"), None, starts::LONG, None).await.unwrap_err();
        }
        std::fs::rename(&away, &path).unwrap();
        store.ping().await.unwrap();
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_written_to_is_not_ready() {
    let (store, directory) = sqlite_file().await;
    let options = SqliteConnectOptions::new().filename(directory.path().join("bridge.db"));
    let mut other = options.connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let error = workflow_api::chain(&store.ping().await.unwrap_err());
    assert!(error.contains("could not write"), "{error}");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    store.ping().await.unwrap();
    other.close().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bridge.db");
    std::fs::write(&path, "This is no database, and long enough to be seen as none. ".repeat(20)).unwrap();
    let error = SqliteStore::file(&path).await.unwrap_err();
    assert!(error.to_string().starts_with("the database"), "{error}");
}

#[tokio::test]
async fn an_unreadable_row_is_named() {
    let (store, directory) = sqlite_file().await;
    let options = SqliteConnectOptions::new().filename(directory.path().join("bridge.db"));
    let mut other = options.connect().await.unwrap();
    let row = "INSERT INTO intent_revisions
         VALUES ('proj1', 'capp1', 'v1', 'dig1', 'broken', 1, 'created', NULL, 'me', 0, '{')";
    sqlx::query(row).execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let key = dig("dig1").intent("broken");
    let text = store.latest_revision(&key).await.unwrap_err().to_string();
    assert!(text.contains("table `intent_revisions`, column `document`, row `broken 1`"), "{text}");
    assert!(store.revision(&key, RevisionNumber::FIRST).await.is_err());
}
