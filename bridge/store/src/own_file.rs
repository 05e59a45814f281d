//! The files of an SQLite database, which belong to one process.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::OpenError;

/// How long to wait for another process, which may be about to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// Interval between two attempts to lock a file that belongs to another process.
const PAUSE: Duration = Duration::from_millis(50);

/// The files of a database. They are locked until this is dropped, or until the process ends in any way.
#[derive(Debug)]
pub(crate) struct OwnFile {
    /// The lock is on the database itself, so it holds under any name that a link gives the file. It does not
    /// interfere with SQLite's own locks, which are of another kind. But closing this file would release
    /// them, so it stays open as long as SQLite uses the database.
    file: File,
    path: PathBuf,
    /// The write-ahead log, once SQLite has created it.
    log: Option<(PathBuf, Identity)>,
}

/// What distinguishes a file from every other one, whatever its name.
type Identity = (u64, u64);

impl OwnFile {
    /// Locks the database at `path`, which is created if missing. Otherwise each of two processes would take
    /// the other's starts for abandoned ones.
    pub(crate) async fn lock(path: &Path) -> Result<Self, OpenError> {
        let io = |error| OpenError::Unavailable(sqlx::Error::Io(error));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
            let own = Self { file: file.map_err(io)?, path: path.to_owned(), log: None };
            match own.file.try_lock() {
                // The previous owner may have deleted it.
                Ok(()) if own.check().is_ok() => return Ok(own),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(OpenError::InUse(path.to_owned()));
                }
                Err(TryLockError::WouldBlock) => sleep(PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(io(error)),
            }
        }
    }

    /// Notes the write-ahead log, which now exists.
    pub(crate) fn note_log(&mut self) -> io::Result<()> {
        // SQLite names it after the file that a link leads to.
        let mut path = OsString::from(fs::canonicalize(&self.path)?);
        path.push("-wal");
        let path = PathBuf::from(path);
        self.log = Some((path.clone(), identity(&fs::metadata(path)?)));
        Ok(())
    }

    /// Checks that the files are still there. Writes to a deleted file would succeed, and be lost.
    pub(crate) fn check(&self) -> io::Result<()> {
        let database = (&self.path, identity(&self.file.metadata()?));
        let log = self.log.iter().map(|(path, identity)| (path, *identity));
        for (path, expected) in [database].into_iter().chain(log) {
            if !fs::metadata(path).is_ok_and(|found| identity(&found) == expected) {
                let text = format!("`{}` was deleted or replaced; restart the process", path.display());
                return Err(io::Error::new(io::ErrorKind::NotFound, text));
            }
        }
        Ok(())
    }
}

fn identity(file: &Metadata) -> Identity {
    (file.dev(), file.ino())
}
