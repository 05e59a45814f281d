//! A folder of files that change as Kubernetes changes those of a Secret.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use tempfile::TempDir;

pub(crate) struct Mount {
    folder: TempDir,
    version: usize,
}

impl Mount {
    pub(crate) fn new(files: &[(&str, String)]) -> Self {
        let mut mount = Self { folder: tempfile::tempdir().unwrap(), version: 0 };
        mount.swap(files);
        for (name, _) in files {
            symlink(format!("..data/{name}"), mount.path(name)).unwrap();
        }
        mount
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces all files at once: by the symbolic link `..data`, through which they are read.
    pub(crate) fn swap(&mut self, files: &[(&str, String)]) {
        self.version += 1;
        let version = format!("..{}", self.version);
        fs::create_dir(self.path(&version)).unwrap();
        for (name, content) in files {
            fs::write(self.path(&version).join(name), content).unwrap();
        }
        symlink(&version, self.path("..data_tmp")).unwrap();
        fs::rename(self.path("..data_tmp"), self.path("..data")).unwrap();
        let former = self.path(&format!("..{}", self.version - 1));
        if former.exists() {
            fs::remove_dir_all(former).unwrap();
        }
    }
}
