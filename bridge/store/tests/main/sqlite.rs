//! The file of SQLite.

use std::fs::File;

use bridge_core::model::RevisionNumber;
use bridge_core::ports::IntentStore;
use bridge_store::SqliteStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::{dig, intents, sqlite_file};

#[tokio::test]
async fn a_file_is_found_again_also_after_a_crash() {
    let (first, directory) = sqlite_file().await;
    let (key, kept) = (dig("dig1").intent("a"), intents::created("a"));
    first.add_revision(&key, &kept).await.unwrap();
    // The store is not closed: only the write-ahead log has the data, as after a crash.
    let crashed = tempfile::tempdir().unwrap();
    for name in ["bridge.db", "bridge.db-wal"] {
        std::fs::copy(directory.path().join(name), crashed.path().join(name)).unwrap();
    }
    let second = SqliteStore::file(&crashed.path().join("bridge.db")).await.unwrap();
    assert_eq!(second.latest_revision(&key).await.unwrap(), Some(kept));
}

#[tokio::test(start_paused = true)]
async fn a_file_belongs_to_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bridge.db");
    let other = File::create(directory.path().join("bridge.db.lock")).unwrap();
    other.lock().unwrap();
    let error = SqliteStore::file(&path).await.unwrap_err();
    assert!(error.to_string().contains("is in use by another process"), "{error}");
    drop(other);
    tokio::time::resume();
    SqliteStore::file(&path).await.unwrap();
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
