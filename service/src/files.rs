//! Files that settings name and others replace while the process runs, as Kubernetes does with the files of a secret.

use std::convert::Infallible;
use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::watch;

/// How often the files are read.
const PAUSE: Duration = Duration::from_millis(500);
/// The largest file that is read.
const MAX_SIZE: u64 = 1 << 20;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A file, and the setting that names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SettingFile {
    path: PathBuf,
    setting: Option<&'static str>,
}

impl SettingFile {
    /// The file that the variable `setting` names.
    pub fn of(setting: &'static str, path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), setting: Some(setting) }
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns an error about the file. `fault` is the rest of a sentence, such as "is empty".
    pub fn fault(&self, fault: impl Into<String>) -> FileError {
        FileError { file: self.clone(), fault: fault.into(), source: None }
    }

    /// Returns an error about the file, with its cause.
    pub fn fault_because(
        &self,
        fault: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> FileError {
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

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file} {fault}")]
pub struct FileError {
    file: SettingFile,
    /// The rest of the sentence.
    fault: String,
    #[source]
    source: Option<BoxError>,
}

/// The contents of some files, read again when they change. If the new contents cannot be used, the old ones stay.
///
/// A thread of its own reads the files twice a second, so that a slow disk delays no request, and compares their
/// contents: the files of a secret change by a symbolic link that is set elsewhere, which a watch on the file does
/// not see, and a time stamp may stay the same.
pub struct Reloaded<T> {
    files: Vec<SettingFile>,
    current: Arc<watch::Sender<Arc<T>>>,
    /// Why the last change cannot be used.
    broken: Arc<watch::Sender<Option<String>>>,
    /// The thread ends when this is dropped.
    _ends: Sender<Infallible>,
}

impl<T: Send + Sync + 'static> Reloaded<T> {
    /// Loads what `parse` makes of the contents of `files`, in that order.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn load(
        files: Vec<SettingFile>,
        mut parse: impl FnMut(&[Vec<u8>]) -> Result<T, FileError> + Send + 'static,
    ) -> Result<Self, FileError> {
        let hasher = RandomState::new();
        let hash = move |contents: &Result<Vec<Vec<u8>>, FileError>| {
            hasher.hash_one(contents.as_ref().map_err(|error| crate::chain(error)))
        };
        let contents = read(&files);
        let mut seen = hash(&contents);
        let current = Arc::new(watch::Sender::new(Arc::new(parse(&contents?)?)));
        let broken = Arc::new(watch::Sender::new(None));
        let (ends, ended) = channel();
        let loaded = Self {
            files: files.clone(),
            current: Arc::clone(&current),
            broken: Arc::clone(&broken),
            _ends: ends,
        };
        std::thread::spawn(move || {
            while ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                let contents = read(&files);
                let before = std::mem::replace(&mut seen, hash(&contents));
                if seen == before {
                    continue;
                }
                match contents.and_then(|contents| parse(&contents)) {
                    Ok(new) => {
                        current.send_replace(Arc::new(new));
                        broken.send_replace(None);
                        tracing::info!(files = names(&files), "read again after a change");
                    }
                    Err(error) => {
                        let error = crate::chain(&error);
                        tracing::error!(error, "a change cannot be used; the previous contents stay");
                        broken.send_replace(Some(error));
                    }
                }
            }
        });
        Ok(loaded)
    }

    /// Returns the current contents.
    pub fn current(&self) -> Arc<T> {
        Arc::clone(&self.current.borrow())
    }

    /// Returns the contents as they are now, and each change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<T>> {
        self.current.subscribe()
    }

    /// Returns why the files cannot be used as they are now, so that the current contents are older; `None` if they
    /// are the current contents.
    pub fn broken(&self) -> Option<String> {
        self.broken.borrow().clone()
    }
}

impl<T> fmt::Debug for Reloaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloaded").field("files", &self.files).finish_non_exhaustive()
    }
}

fn names(files: &[SettingFile]) -> String {
    files.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn read(files: &[SettingFile]) -> Result<Vec<Vec<u8>>, FileError> {
    files.iter().map(read_one).collect()
}

fn read_one(file: &SettingFile) -> Result<Vec<u8>, FileError> {
    let mut content = Vec::new();
    // To open a pipe would wait for its writer.
    let read = std::fs::metadata(&file.path).and_then(|metadata| {
        if metadata.is_file() {
            File::open(&file.path)?.take(MAX_SIZE + 1).read_to_end(&mut content)
        } else {
            Err(io::Error::other("it is not a file"))
        }
    });
    match read {
        Ok(_) if content.len() as u64 > MAX_SIZE => {
            Err(file.fault(format!("is larger than {MAX_SIZE} bytes")))
        }
        Ok(_) => Ok(content),
        Err(error) => Err(file.fault_because("cannot be read", error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let load = || Reloaded::load(vec![file.path().into()], |contents| Ok(contents.concat().len()));
        file.as_file().set_len(MAX_SIZE).unwrap();
        assert_eq!(*load().unwrap().current() as u64, MAX_SIZE);
        file.as_file().set_len(MAX_SIZE + 1).unwrap();
        let error = load().unwrap_err().to_string();
        assert!(error.ends_with("is larger than 1048576 bytes"), "{error}");
    }

    #[test]
    fn an_error_names_file_and_setting() {
        let missing = SettingFile::of("CLIENT_TLS_KEY", "/nowhere/tls.key");
        let error = Reloaded::load(vec![missing], |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "the file /nowhere/tls.key (CLIENT_TLS_KEY) cannot be read");
        assert!(crate::chain(&error).contains("No such file"));
    }
}
