//! Files that change while a process reads them.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use tempfile::TempDir;

/// A folder of files that change as Kubernetes changes those of a Secret or a ConfigMap: each is a symbolic link
/// through the link `..data`, which is set anew.
#[derive(Debug)]
pub struct Mount {
    folder: TempDir,
    version: usize,
}

impl Mount {
    /// Creates the folder, with these files. Later versions have files of the same names.
    pub fn new(files: &[(&str, impl AsRef<[u8]>)]) -> io::Result<Self> {
        let mut mount = Self { folder: tempfile::tempdir()?, version: 0 };
        mount.swap(files)?;
        for (name, _) in files {
            symlink(format!("..data/{name}"), mount.path(name))?;
        }
        Ok(mount)
    }

    /// Returns the path of a file.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces all files at once, and removes the former ones.
    pub fn swap(&mut self, files: &[(&str, impl AsRef<[u8]>)]) -> io::Result<()> {
        self.version += 1;
        let version = format!("..{}", self.version);
        fs::create_dir(self.path(&version))?;
        for (name, content) in files {
            fs::write(self.path(&version).join(name), content)?;
        }
        symlink(&version, self.path("..data_tmp"))?;
        fs::rename(self.path("..data_tmp"), self.path("..data"))?;
        let former = self.path(&format!("..{}", self.version - 1));
        if former.exists() { fs::remove_dir_all(former) } else { Ok(()) }
    }
}
