//! Which EMCOs the worker may call, and with which credentials.
//!
//! The URL of the EMCO is in the intent. If it could be any URL, the author of an intent could get the token. So the
//! worker sends a token or uses a certificate only for EMCOs that the operator lists.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use emco::{Settings, Token};
use url::Url;

static ACCESS: OnceLock<Access> = OnceLock::new();

/// The operator's settings for EMCO.
#[derive(Debug, Default)]
pub struct Access {
    /// `None`: all EMCOs, without credentials. Addresses that are never called are refused by the client.
    urls: Option<Vec<Url>>,
    token: Option<PathBuf>,
    authorities: Option<PathBuf>,
    /// The certificate and its key.
    own: Option<[PathBuf; 2]>,
}

impl Access {
    /// Reads `EMCO_URLS` (separated by commas), `EMCO_TOKEN_FILE`, `EMCO_CA_FILE`, `EMCO_CERT_FILE` and
    /// `EMCO_KEY_FILE`.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read, a URL is not valid, or there are credentials but no `EMCO_URLS`.
    pub fn from_env() -> Result<Self> {
        Self::read(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let path = |name: &str| variable(name).map(PathBuf::from);
        let url = |text: &str| {
            let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            url.with_context(|| format!("EMCO_URLS: `{text}` is not a URL such as https://emco.example"))
        };
        let urls: Option<Vec<Url>> =
            variable("EMCO_URLS").map(|urls| urls.split(',').map(url).collect()).transpose()?;
        let own = match (path("EMCO_CERT_FILE"), path("EMCO_KEY_FILE")) {
            (Some(certificate), Some(key)) => Some([certificate, key]),
            (None, None) => None,
            _ => anyhow::bail!("EMCO_CERT_FILE and EMCO_KEY_FILE: give both or neither"),
        };
        let access = Self { urls, token: path("EMCO_TOKEN_FILE"), authorities: path("EMCO_CA_FILE"), own };
        ensure!(
            access.urls.is_some() || (access.token.is_none() && access.own.is_none()),
            "EMCO_URLS is missing: list the EMCOs that may receive the token or certificate"
        );
        // The files are read again for each client, but one that is missing is reported now.
        access.credentials()?;
        access.token.as_deref().map(|path| contents("EMCO_TOKEN_FILE", path)).transpose()?;
        Ok(access)
    }

    /// Returns the settings with the files as they are now.
    fn credentials(&self) -> Result<Settings> {
        let identity = self.own.as_ref().map(|[certificate, key]| {
            let own = [contents("EMCO_CERT_FILE", certificate)?, contents("EMCO_KEY_FILE", key)?];
            Ok::<_, anyhow::Error>(own.join(&b'\n'))
        });
        let roots = self.authorities.as_deref().map(|path| contents("EMCO_CA_FILE", path));
        Ok(Settings {
            token: self.token.clone().map(Token::file),
            roots: roots.transpose()?,
            identity: identity.transpose()?,
            ..Settings::default()
        })
    }

    /// Whether intents may name any EMCO.
    pub fn is_open(&self) -> bool {
        self.urls.is_none()
    }

    /// Sets the settings of the process. Only the first call counts.
    pub fn install(self) {
        let _first_counts = ACCESS.set(self);
    }

    /// Returns the settings of the process.
    pub(crate) fn current() -> &'static Self {
        ACCESS.get_or_init(Self::default)
    }

    /// Returns the settings for the EMCO at `url`, with the files as they are now; `None` if it is not in the list.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read.
    pub(crate) fn settings(&self, url: &str) -> Result<Option<Settings>> {
        if self.allows(url) { self.credentials().map(Some) } else { Ok(None) }
    }

    fn allows(&self, url: &str) -> bool {
        let Some(urls) = &self.urls else { return true };
        let Ok(asked) = Url::parse(url) else { return false };
        let below = |listed: &Url| {
            let (path, base) = (asked.path(), listed.path().trim_end_matches('/'));
            listed.origin() == asked.origin()
                && path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        urls.iter().any(below)
    }
}

/// Returns the contents of the file that a variable names.
fn contents(name: &str, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{name}: {} cannot be read", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(variables: &[(&str, &str)]) -> Result<Access> {
        let given =
            |name: &str| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned());
        Access::read(given)
    }

    #[test]
    fn a_token_goes_to_listed_emcos_only() {
        let access = access(&[
            ("EMCO_TOKEN_FILE", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
            ("EMCO_URLS", "https://emco.example/west, http://orchestrator:9015"),
        ])
        .unwrap();
        let may = |url: &str| access.settings(url).unwrap().is_some_and(|settings| settings.token.is_some());
        for url in ["https://emco.example/west", "https://emco.example:443/west/", "http://orchestrator:9015"]
        {
            assert!(may(url), "{url}");
        }
        for url in [
            "https://emco.example",
            "https://emco.example/western",
            "https://emco.example/west/../east",
            "http://emco.example/west",
            "https://emco.example.evil/west",
            "https://emco.example:444/west",
            "http://orchestrator:9016",
            "nothing",
        ] {
            assert!(access.settings(url).unwrap().is_none(), "{url}");
        }
    }

    #[test]
    fn without_a_list_every_emco_is_called_without_token() {
        let settings = access(&[]).unwrap().settings("http://any:1").unwrap().unwrap();
        assert!(settings.token.is_none() && settings.identity.is_none());
    }

    #[test]
    fn certificates_and_authorities_are_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let [ca, certificate, key] = ["ca", "certificate", "key"].map(|name| folder.path().join(name));
        let write = |version: &str| {
            for path in [&ca, &certificate, &key] {
                std::fs::write(path, version).unwrap();
            }
        };
        write("1");
        let access = access(&[
            ("EMCO_URLS", "https://emco"),
            ("EMCO_CA_FILE", ca.to_str().unwrap()),
            ("EMCO_CERT_FILE", certificate.to_str().unwrap()),
            ("EMCO_KEY_FILE", key.to_str().unwrap()),
        ])
        .unwrap();
        write("2");
        let settings = access.settings("https://emco").unwrap().unwrap();
        assert_eq!((settings.roots.unwrap(), settings.identity.unwrap()), (b"2".to_vec(), b"2\n2".to_vec()));
        std::fs::remove_file(key).unwrap();
        assert!(access.settings("https://emco").unwrap_err().to_string().contains("EMCO_KEY_FILE"));
    }

    #[test]
    fn wrong_settings_are_named() {
        for (variables, words) in [
            (&[("EMCO_TOKEN_FILE", "/run/token")][..], "EMCO_URLS is missing"),
            (&[("EMCO_URLS", "emco")], "`emco` is not a URL"),
            (&[("EMCO_CA_FILE", "/nowhere/ca")], "EMCO_CA_FILE: /nowhere/ca cannot be read"),
            (
                &[("EMCO_URLS", "http://emco"), ("EMCO_TOKEN_FILE", "/nowhere/token")],
                "EMCO_TOKEN_FILE: /nowhere/token cannot be read",
            ),
        ] {
            assert!(access(variables).unwrap_err().to_string().contains(words), "{words}");
        }
    }
}
