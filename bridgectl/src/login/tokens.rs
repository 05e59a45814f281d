//! Tokens in a file, which only its owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::at::At;

/// A token that ends sooner is renewed.
const SOON: SignedDuration = SignedDuration::from_secs(30);

/// The tokens of a login. They have no `Debug`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Tokens {
    /// Who has issued them.
    pub(super) issuer: String,
    /// To which client.
    pub(super) client_id: String,
    pub(super) access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    /// When the access token ends, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<Timestamp>,
}

impl Tokens {
    /// Returns whether they are those of this issuer and client.
    pub(super) fn are_of(&self, at: &At) -> bool {
        self.issuer == at.issuer && self.client_id == at.client_id
    }

    /// Returns whether the access token lasts for a while.
    pub(super) fn last(&self) -> bool {
        self.expires.is_none_or(|expires| expires.duration_since(now()) > SOON)
    }

    /// Returns when a token ends that lasts this long from now on.
    pub(super) fn end(lasts: Option<Duration>) -> Option<Timestamp> {
        now().checked_add(lasts?).ok()
    }
}

#[expect(clippy::disallowed_methods, reason = "the issuer's tokens end by the system's time")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// The file with the tokens for a context.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    file: PathBuf,
}

impl Kept {
    /// The file is beside that with the contexts.
    pub(super) fn new(config: &Path, context: &str) -> Self {
        // The name of a context can have any characters.
        let name: String = form_urlencoded::byte_serialize(context.as_bytes()).collect();
        Self { file: config.with_file_name("logins").join(format!("{name}.toml")) }
    }

    pub(super) fn read(&self) -> Result<Option<Tokens>> {
        match fs::read_to_string(&self.file) {
            // The error would have the line, which may be a token.
            Ok(text) => Ok(toml::from_str(&text).ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", self.file.display())),
        }
    }

    pub(super) fn write(&self, tokens: &Tokens) -> Result<()> {
        let text = toml::to_string(tokens).context("the tokens cannot be written as TOML")?;
        let written = || {
            self.make_folder()?;
            // A new file takes the place of the old one, so that no reader sees a half of it.
            let new = self.file.with_extension("new");
            let mut options = OpenOptions::new();
            let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&new)?;
            file.write_all(text.as_bytes())?;
            fs::rename(&new, &self.file)
        };
        written().with_context(|| format!("cannot write {}", self.file.display()))
    }

    pub(super) fn delete(&self) -> Result<()> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot delete {}", self.file.display()))
            }
            _ => Ok(()),
        }
    }

    /// Waits until no other process renews the tokens. As long as the file is held, no other one does.
    pub(super) async fn hold(&self) -> Result<File> {
        let kept = self.clone();
        let held = tokio::task::spawn_blocking(move || {
            let mut options = OpenOptions::new();
            let file = options
                .create(true)
                .truncate(false)
                .write(true)
                .mode(0o600)
                .open(kept.file.with_extension("lock"))?;
            file.lock()?;
            Ok::<_, std::io::Error>(file)
        });
        held.await?.with_context(|| format!("cannot lock {}", self.file.with_extension("lock").display()))
    }

    fn make_folder(&self) -> std::io::Result<()> {
        let Some(folder) = self.file.parent() else { return Ok(()) };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_context_has_a_file_in_one_folder() {
        for name in ["lab", "a/b", "..", "", "c d"] {
            let kept = Kept::new(Path::new("/etc/bridgectl/config.toml"), name);
            assert_eq!(kept.file.parent(), Some(Path::new("/etc/bridgectl/logins")), "{name}");
        }
    }

    #[test]
    fn a_token_is_renewed_before_it_ends() {
        let lasting = |seconds: u64| Tokens {
            issuer: String::new(),
            client_id: String::new(),
            access_token: String::new(),
            refresh_token: None,
            expires: Tokens::end(Some(Duration::from_secs(seconds))),
        };
        assert!(lasting(60).last());
        assert!(!lasting(20).last());
        assert!(Tokens { expires: None, ..lasting(0) }.last());
    }
}
