//! Which EMCOs the worker may call, and with which credentials.
//!
//! The URL of the EMCO is in the intent. If it could be any URL, the author of an intent could get the token. So the
//! worker sends a token or uses a certificate only for EMCOs that the operator lists.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use emco::{Settings, Token};
use url::Url;

static ACCESS: OnceLock<Access> = OnceLock::new();

/// The operator's settings for EMCO.
#[derive(Debug, Default)]
pub struct Access {
    settings: Settings,
    /// `None`: all EMCOs, without credentials. Addresses that are never called are refused by the client.
    urls: Option<Vec<Url>>,
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
        let file = |name: &str| {
            let path = variable(name).map(PathBuf::from);
            path.map(|path| {
                std::fs::read(&path).with_context(|| format!("{name}: {} cannot be read", path.display()))
            })
            .transpose()
        };
        let url = |text: &str| {
            let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            url.with_context(|| format!("EMCO_URLS: `{text}` is not a URL such as https://emco.example"))
        };
        let urls: Option<Vec<Url>> =
            variable("EMCO_URLS").map(|urls| urls.split(',').map(url).collect()).transpose()?;
        let token = variable("EMCO_TOKEN_FILE").map(Token::file);
        let identity = match (file("EMCO_CERT_FILE")?, file("EMCO_KEY_FILE")?) {
            (Some(certificate), Some(key)) => Some([certificate, key].join(&b'\n')),
            (None, None) => None,
            _ => anyhow::bail!("EMCO_CERT_FILE and EMCO_KEY_FILE: give both or neither"),
        };
        ensure!(
            urls.is_some() || (token.is_none() && identity.is_none()),
            "EMCO_URLS is missing: list the EMCOs that may receive the token or certificate"
        );
        // The file is read again for each request, but a missing file is reported now.
        file("EMCO_TOKEN_FILE")?;
        let roots = file("EMCO_CA_FILE")?;
        let settings = Settings { token, roots, identity, ..Settings::default() };
        Ok(Self { settings, urls })
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
        ACCESS.get_or_init(|| Self::read(|_| None).unwrap_or_default())
    }

    /// Returns the settings for the EMCO at `url`, or `None` if it is not in the list.
    pub(crate) fn settings(&self, url: &str) -> Option<Settings> {
        let Some(urls) = &self.urls else { return Some(self.settings.clone()) };
        let asked = Url::parse(url).ok()?;
        let below = |listed: &Url| {
            let (path, base) = (asked.path(), listed.path().trim_end_matches('/'));
            listed.origin() == asked.origin()
                && path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        urls.iter().any(below).then(|| self.settings.clone())
    }
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
        let may = |url: &str| access.settings(url).is_some_and(|settings| settings.token.is_some());
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
            assert!(access.settings(url).is_none(), "{url}");
        }
    }

    #[test]
    fn without_a_list_every_emco_is_called_without_token() {
        let settings = access(&[]).unwrap().settings("http://any:1").unwrap();
        assert!(settings.token.is_none() && settings.identity.is_none());
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
