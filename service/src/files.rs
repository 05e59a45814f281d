//! Files that settings name and others replace while the process runs, as Kubernetes does with the files of a secret.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// How often a file that is in use is looked at again, at most.
const PAUSE: Duration = Duration::from_secs(1);

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Parse<T> = Box<dyn Fn(&[Vec<u8>]) -> Result<T, FileError> + Send + Sync>;

/// A file, and the setting that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFile {
    path: PathBuf,
    setting: Option<&'static str>,
}

impl SettingFile {
    /// The file that the variable `setting` names.
    pub fn of(setting: &'static str, path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), setting: Some(setting) }
    }

    pub(crate) fn fault(&self, fault: impl Into<String>) -> FileError {
        FileError { file: self.clone(), fault: fault.into(), source: None }
    }

    pub(crate) fn fault_because(&self, fault: &str, source: impl Into<BoxError>) -> FileError {
        FileError { source: Some(source.into()), ..self.fault(fault) }
    }
}

impl From<&Path> for SettingFile {
    fn from(path: &Path) -> Self {
        Self { path: path.to_owned(), setting: None }
    }
}

impl fmt::Display for SettingFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file {}", self.path.display())?;
        self.setting.map_or(Ok(()), |setting| write!(f, " ({setting})"))
    }
}

/// Why a file does not do.
#[derive(Debug, thiserror::Error)]
#[error("{file} {fault}")]
pub struct FileError {
    file: SettingFile,
    /// The rest of the sentence.
    fault: String,
    #[source]
    source: Option<BoxError>,
}

/// What some files hold, read again when they change. Where the new ones do not do, what the old ones held stays.
///
/// Files are compared by content, at most once a second and only while they are in use: a secret's files change by a symbolic
/// link being set elsewhere, of which a watch on the file learns nothing, and a time stamp may stay the same.
pub(crate) struct Reloaded<T> {
    files: Vec<SettingFile>,
    parse: Parse<T>,
    current: RwLock<Arc<T>>,
    last: Mutex<Look>,
}

/// What was there when somebody last looked: a digest, or why nothing could be read.
struct Look {
    at: Instant,
    seen: Result<[u8; 32], String>,
}

impl<T> Reloaded<T> {
    /// What `parse` makes of the contents of `files`, in that order.
    ///
    /// # Errors
    /// When a file cannot be read, or does not do.
    pub(crate) fn load(
        files: Vec<SettingFile>,
        parse: impl Fn(&[Vec<u8>]) -> Result<T, FileError> + Send + Sync + 'static,
    ) -> Result<Self, FileError> {
        let contents = read(&files)?;
        let current = RwLock::new(Arc::new(parse(&contents)?));
        let last = Mutex::new(Look { at: Instant::now(), seen: Ok(digest(&contents)) });
        Ok(Self { files, parse: Box::new(parse), current, last })
    }

    /// What the files hold now.
    pub(crate) fn current(&self) -> Arc<T> {
        // Whoever comes while another looks takes what there is.
        if let Ok(mut last) = self.last.try_lock()
            && last.at.elapsed() >= PAUSE
        {
            self.look(&mut last);
        }
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn look(&self, last: &mut Look) {
        let contents = read(&self.files);
        let seen = match &contents {
            Ok(contents) => Ok(digest(contents)),
            Err(error) => Err(crate::chain(error)),
        };
        last.at = Instant::now();
        if seen == last.seen {
            return;
        }
        last.seen = seen;
        match contents.and_then(|contents| (self.parse)(&contents)) {
            Ok(new) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                tracing::info!(files = %self, "read again after a change");
            }
            Err(error) => {
                tracing::error!(
                    error = crate::chain(&error),
                    "a change cannot be used; what was there before stays"
                );
            }
        }
    }
}

impl<T> fmt::Display for Reloaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<_> = self.files.iter().map(ToString::to_string).collect();
        f.write_str(&files.join(", "))
    }
}

impl<T> fmt::Debug for Reloaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloaded").field("files", &self.files).finish_non_exhaustive()
    }
}

/// Small files, seldom: not worth a thread of their own.
fn read(files: &[SettingFile]) -> Result<Vec<Vec<u8>>, FileError> {
    files
        .iter()
        .map(|file| std::fs::read(&file.path).map_err(|error| file.fault_because("cannot be read", error)))
        .collect()
}

fn digest(contents: &[Vec<u8>]) -> [u8; 32] {
    contents
        .iter()
        .fold(Sha256::new(), |digest, content| digest.chain_update(Sha256::digest(content)))
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_file_and_setting() {
        let missing = SettingFile::of("CLIENT_TLS_KEY", "/nowhere/tls.key");
        let error = Reloaded::load(vec![missing], |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "the file /nowhere/tls.key (CLIENT_TLS_KEY) cannot be read");
        assert!(crate::chain(&error).contains("No such file"));
    }

    #[test]
    fn contents_that_are_split_otherwise_are_others() {
        let both = |one: &str, two: &str| digest(&[one.into(), two.into()]);
        assert_ne!(both("ab", "c"), both("a", "bc"));
    }
}
