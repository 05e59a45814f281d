//! A Temporal server that the operator registers, with its credentials by reference.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::address::{self, AddressError};
use super::target::{TemporalTarget, Tls};

/// A registered Temporal server, as a file of settings has it: no secret, only where the secrets are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredTarget {
    /// `host:port` or a URL.
    pub address: String,
    /// The namespaces that may be asked; the first is the one where none is named.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// The file that holds the API key.
    pub api_key_file: Option<PathBuf>,
    /// The environment variable that holds the API key.
    pub api_key_env: Option<String>,
    /// TLS, where the address does not say `https://` or more than that is needed. Named as in Temporal's own profiles.
    pub tls: Option<RegisteredTls>,
}

/// How a registered server is reached by TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredTls {
    /// The PEM file of the authorities that may have signed the server's certificate; the system's where there is none.
    pub server_ca_cert_path: Option<PathBuf>,
    /// The name in the server's certificate, where it is not the host of the address.
    pub server_name: Option<String>,
    /// The PEM file of our certificate.
    pub client_cert_path: Option<PathBuf>,
    /// The PEM file of its key.
    pub client_key_path: Option<PathBuf>,
}

/// Why a registered server cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisteredTargetError {
    /// Its address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// It says twice where the API key is.
    #[error("write api_key_file or api_key_env, not both")]
    TwoKeys,
    /// A variable is missing.
    #[error("api_key_env names the variable {0}, which is not set")]
    NoVariable(String),
    /// A file cannot be read.
    #[error("{setting} names `{}`, which cannot be read", path.display())]
    File {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The API key is no text that fits into a header.
    #[error("the API key of {0} is empty or not plain text")]
    NoKey(&'static str),
    /// One goes with the other.
    #[error("client_cert_path and client_key_path go together; one is missing")]
    HalfIdentity,
    /// A secret would travel in clear.
    #[error("{what} is set, but {url} is reached in clear: write an https:// address, or none of it")]
    InClear {
        /// What is set.
        what: &'static str,
        /// The address.
        url: Url,
    },
}

impl RegisteredTarget {
    /// The target, in its first namespace (`default` where it names none); `variable` looks up the environment. Its address is checked
    /// at each connection, as that of every server that callers may name.
    ///
    /// # Errors
    /// When it is wrong, or would send a secret in clear.
    pub fn target(
        &self,
        variable: impl FnOnce(&str) -> Option<String>,
    ) -> Result<TemporalTarget, RegisteredTargetError> {
        let api_key = self.api_key(variable)?;
        let url = address::url(&self.address, self.tls.is_some() || api_key.is_some())?;
        if url.scheme() == "http" {
            let what = if api_key.is_some() { Some("an API key") } else { self.tls.as_ref().map(|_| "TLS") };
            if let Some(what) = what {
                return Err(RegisteredTargetError::InClear { what, url });
            }
        }
        let tls = match &self.tls {
            Some(tls) => Some(tls.read()?),
            None => (url.scheme() == "https").then(Tls::default),
        };
        let namespace = self.namespaces.first().map_or("default", String::as_str);
        Ok(TemporalTarget::registered(url, namespace.to_owned(), api_key, tls))
    }

    fn api_key(
        &self,
        variable: impl FnOnce(&str) -> Option<String>,
    ) -> Result<Option<String>, RegisteredTargetError> {
        let (key, origin) = match (&self.api_key_file, &self.api_key_env) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return Err(RegisteredTargetError::TwoKeys),
            (Some(path), None) => {
                (String::from_utf8(read("api_key_file", path)?).unwrap_or_default(), "api_key_file")
            }
            (None, Some(name)) => {
                let key = variable(name).ok_or_else(|| RegisteredTargetError::NoVariable(name.clone()))?;
                (key, "api_key_env")
            }
        };
        // Files end in a newline more often than not.
        let key = key.trim();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RegisteredTargetError::NoKey(origin));
        }
        Ok(Some(key.to_owned()))
    }
}

impl RegisteredTls {
    fn read(&self) -> Result<Tls, RegisteredTargetError> {
        let file =
            |setting, path: &Option<PathBuf>| path.as_ref().map(|path| read(setting, path)).transpose();
        let certificate = file("tls.client_cert_path", &self.client_cert_path)?;
        let key = file("tls.client_key_path", &self.client_key_path)?;
        let identity = match (certificate, key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (Some(_), None) | (None, Some(_)) => return Err(RegisteredTargetError::HalfIdentity),
        };
        Ok(Tls {
            authorities: file("tls.server_ca_cert_path", &self.server_ca_cert_path)?,
            server_name: self.server_name.clone(),
            identity,
        })
    }
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, RegisteredTargetError> {
    fs::read(path).map_err(|source| RegisteredTargetError::File { setting, path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::{Value, json};

    use super::*;

    fn target(settings: Value) -> Result<TemporalTarget, RegisteredTargetError> {
        let settings: RegisteredTarget = serde_json::from_value(settings).unwrap();
        settings.target(|name| (name == "CLOUD_KEY").then(|| "hunter2\n".to_owned()))
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn an_address_is_enough() {
        let target = target(json!({"address": "temporal:7233"})).unwrap();
        assert_eq!((target.address(), target.namespace()), ("temporal:7233".to_owned(), "default"));
        assert!(format!("{target:?}").contains("tls: false"), "{target:?}");
    }

    #[test]
    fn keys_and_tls_mean_https_and_do_not_show() {
        let key = file("hunter2\n");
        let pem = file("hunter2");
        for settings in [
            json!({"address": "cloud:7233", "namespaces": ["a", "b"], "api_key_env": "CLOUD_KEY"}),
            json!({"address": "cloud:7233", "namespaces": ["a"], "api_key_file": key.path()}),
            json!({"address": "https://cloud:7233", "namespaces": ["a"], "api_key_file": key.path(), "tls": {
                "client_cert_path": pem.path(), "client_key_path": pem.path(), "server_name": "temporal",
            }}),
        ] {
            let target = target(settings).unwrap();
            let text = format!("{target:?}");
            assert!(text.contains("https://cloud:7233/") && text.contains("api_key: true"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
            assert_eq!(target.namespace(), "a");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let empty = file("\n");
        for (settings, words) in [
            (json!({"address": "a b"}), "`a b`"),
            (json!({"address": "http://t", "api_key_env": "CLOUD_KEY"}), "an API key is set"),
            (json!({"address": "http://t", "tls": {}}), "TLS is set"),
            (json!({"address": "t", "api_key_env": "CLOUD_KEY", "api_key_file": "/x"}), "not both"),
            (json!({"address": "t", "api_key_env": "NO_SUCH"}), "NO_SUCH"),
            (json!({"address": "t", "api_key_file": "/nowhere/key"}), "/nowhere/key"),
            (json!({"address": "t", "api_key_file": empty.path()}), "api_key_file"),
            (
                json!({"address": "t", "tls": {"server_ca_cert_path": "/nowhere/ca"}}),
                "tls.server_ca_cert_path",
            ),
            (json!({"address": "t", "tls": {"client_cert_path": empty.path()}}), "one is missing"),
        ] {
            let text = service::chain(&target(settings.clone()).unwrap_err());
            assert!(text.contains(words) && !text.contains("hunter2"), "{settings}: {text}");
        }
    }

    #[test]
    fn unknown_settings_are_refused_by_name() {
        let error = serde_json::from_value::<RegisteredTarget>(json!({"address": "t", "api_key": "hunter2"}));
        let text = error.unwrap_err().to_string();
        assert!(text.contains("api_key") && !text.contains("hunter2"), "{text}");
    }
}
