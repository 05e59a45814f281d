//! The folder that an image is built from: a Dockerfile, `rootfs` with what goes into the image, and the empty `data`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::cargo::{target_dir, workspace_dir};

/// Where rustls, Go and OpenSSL look for certificate authorities.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";
/// Looks up names in /etc/hosts first, as usual; glibc's default is DNS first.
const NAME_SERVICES: &str = "hosts: files dns\n";

/// The folder that an image is built from. It is removed when dropped.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// Creates a folder for the Dockerfile in the workspace's folder `dockerfile`.
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

    /// Adds a program to the root of the image.
    pub fn program(&self, source: &Path, name: &str) -> Result<()> {
        let target = self.in_root(Path::new(name))?;
        copy(source, &target)?;
        fs::set_permissions(target, fs::Permissions::from_mode(0o755)).context("cannot make it executable")
    }

    /// Adds the files that a static program needs: the certificate authorities of the public Internet, and the order of
    /// name look-ups.
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

    /// Adds a file or folder of this machine, under the path that it has here.
    pub fn same(&self, source: &Path) -> Result<()> {
        if !source.is_dir() {
            return copy(source, &self.in_root(source)?);
        }
        for entry in fs::read_dir(source).with_context(|| format!("cannot read {}", source.display()))? {
            self.same(&entry?.path())?;
        }
        Ok(())
    }

    /// Adds the shared libraries of this machine that a program is linked with.
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

    /// Creates a folder that everybody can read, whatever the umask is: programs in images run as another user.
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
