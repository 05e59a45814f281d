//! The folder that an image is built from: a Dockerfile, `rootfs` with what goes into the image, and the empty `data`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::cargo::{target_dir, workspace_dir};

/// Where rustls, Go and OpenSSL look.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";
/// Names of /etc/hosts first, as everywhere; glibc by itself would ask DNS before.
const NAME_SERVICES: &str = "hosts: files dns\n";

/// What an image is built from; removed when dropped.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// Makes one for the Dockerfile in the workspace's folder `dockerfile`.
    pub fn new(dockerfile: &str) -> Result<Self> {
        let parent = target_dir().join("images");
        fs::create_dir_all(&parent)?;
        let folder = Self(tempfile::tempdir_in(parent)?);
        folder.directory(&folder.path().join("data"))?;
        folder.directory(&folder.path().join("rootfs"))?;
        let source = workspace_dir().join(dockerfile).join("Dockerfile");
        copy(&source, &folder.path().join("Dockerfile"))?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Adds a program, in the root.
    pub fn program(&self, source: &Path, name: &str) -> Result<()> {
        let target = self.in_root(Path::new(name))?;
        copy(source, &target)?;
        fs::set_permissions(target, fs::Permissions::from_mode(0o755)).context("cannot make it executable")
    }

    /// Adds what a static program needs beside itself: the authorities of the public Internet, and in which order names are looked up.
    pub(super) fn basics(&self) -> Result<()> {
        let authorities = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        let blocks: Vec<_> = authorities.map(|root| pem::Pem::new("CERTIFICATE", root.as_ref())).collect();
        self.write(AUTHORITIES, &pem::encode_many(&blocks))?;
        self.write("etc/nsswitch.conf", NAME_SERVICES)
    }

    /// Adds a file with this text.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        let target = self.in_root(Path::new(path))?;
        fs::write(&target, text).with_context(|| format!("cannot write {}", target.display()))?;
        fs::set_permissions(&target, fs::Permissions::from_mode(0o644))?;
        Ok(())
    }

    /// Adds a file or folder of this machine, at the place that it has here.
    pub fn same(&self, source: &Path) -> Result<()> {
        if !source.is_dir() {
            return copy(source, &self.in_root(source)?);
        }
        for entry in fs::read_dir(source).with_context(|| format!("cannot read {}", source.display()))? {
            self.same(&entry?.path())?;
        }
        Ok(())
    }

    /// Adds the libraries of this machine that a program is linked with; none where it is static.
    pub fn libraries_of(&self, program: &Path) -> Result<()> {
        let output = Command::new("ldd").arg(program).output().context("`ldd` does not start")?;
        // `libz.so.1 => /lib/libz.so.1 (0x…)`, and the loader by its path alone.
        let listed = String::from_utf8_lossy(&output.stdout);
        let libraries =
            listed.split_whitespace().filter(|word| word.starts_with('/') && !word.ends_with(':'));
        libraries.map(Path::new).try_for_each(|library| self.same(library))
    }

    fn in_root(&self, path: &Path) -> Result<PathBuf> {
        let target = self.path().join("rootfs").join(path.strip_prefix("/").unwrap_or(path));
        if let Some(parent) = target.parent() {
            self.directory(parent)?;
        }
        Ok(target)
    }

    /// Open to everybody, whatever the umask: programs in images are nobody's.
    fn directory(&self, path: &Path) -> Result<()> {
        if path == self.path() || path.is_dir() {
            return Ok(());
        }
        path.parent().map_or(Ok(()), |parent| self.directory(parent))?;
        fs::create_dir(path).with_context(|| format!("cannot make {}", path.display()))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }
}

fn copy(source: &Path, target: &Path) -> Result<()> {
    fs::copy(source, target)
        .map(drop)
        .with_context(|| format!("cannot copy {} to {}", source.display(), target.display()))
}
