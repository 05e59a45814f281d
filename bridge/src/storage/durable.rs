//! Commits made durable together.
//!
//! SQLite can sync its write-ahead log with each commit (`synchronous=FULL`), one after the other. Here it leaves that to its checkpoints
//! (`NORMAL`), and who needs a commit to outlive a power cut syncs the log: all who wait for one share it. A synced log is all that
//! `FULL` gives (<https://www.sqlite.org/wal.html>, "Performance Considerations").

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

/// Syncs the write-ahead log.
#[derive(Debug)]
pub(super) struct Syncer {
    log: Arc<File>,
    /// How many have asked.
    asked: AtomicU64,
    /// How many of these have what they asked for.
    served: Mutex<u64>,
}

impl Syncer {
    /// Of the database in this file, which is open and written in WAL mode already.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub(super) fn of(database: &Path) -> io::Result<Self> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        // That the log is there must outlive a power cut too.
        if let Some(folder) = database.parent() {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()?;
        }
        let log = Arc::new(File::options().write(true).open(log)?);
        Ok(Self { log, asked: AtomicU64::new(0), served: Mutex::new(0) })
    }

    /// Ends when all that was committed before is durable.
    ///
    /// # Errors
    /// When the system cannot say so.
    pub(super) async fn sync(&self) -> io::Result<()> {
        let ticket = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        let mut served = self.served.lock().await;
        if *served >= ticket {
            return Ok(());
        }
        // All of these have committed.
        let asked = self.asked.load(Ordering::Acquire);
        let log = Arc::clone(&self.log);
        spawn_blocking(move || log.sync_data()).await.map_err(io::Error::other)??;
        *served = asked;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures::future::try_join_all;

    use super::*;

    #[tokio::test]
    async fn who_asks_while_a_sync_is_under_way_gets_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        assert!(Syncer::of(&database).is_err());
        File::create(folder.path().join("a.db-wal")).unwrap();
        let syncer = Syncer::of(&database).unwrap();
        let under_way = syncer.served.lock().await;
        let asked = try_join_all((0..10).map(|_| syncer.sync()));
        let done = async {
            tokio::task::yield_now().await;
            drop(under_way);
        };
        let (asked, ()) = tokio::join!(asked, done);
        asked.unwrap();
        // The first one's sync is for all of them.
        assert_eq!(*syncer.served.lock().await, 10);
    }
}
