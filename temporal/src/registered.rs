//! A Temporal server that the operator registers, with references to its credentials.

use std::path::PathBuf;

use serde::Deserialize;
use service::files::SettingFile;
use temporalio_client::envconfig::{ClientConfigProfile, DataSource};
use temporalio_common::envconfig::ClientConfigTLS;

use super::settings::{self, DEFAULT_NAMESPACE, TemporalSettingsError};
use super::target::TemporalTarget;

/// A registered Temporal server, as in a settings file: it has no secrets, but names the places where they
/// are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredTarget {
    /// `host:port` or a URL.
    pub address: String,
    /// The namespaces that callers may use; the first is the default.
    #[serde(default)]
    pub namespaces: Vec<String>,
    /// The file that holds the API key. It is read again when it changes.
    pub api_key_file: Option<PathBuf>,
    /// The environment variable that holds the API key.
    pub api_key_env: Option<String>,
    /// The TLS settings, if the address does not have `https://` or more than that is needed.
    pub tls: Option<RegisteredTls>,
}

/// The TLS settings of a registered server. The names are those of Temporal's own profiles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredTls {
    /// The PEM file of the authorities that may have signed the server's certificate; by default, the
    /// system's.
    pub server_ca_cert_path: Option<String>,
    /// The name in the server's certificate, if it is not the host of the address.
    pub server_name: Option<String>,
    /// The PEM file of our certificate.
    pub client_cert_path: Option<String>,
    /// The PEM file of its key.
    pub client_key_path: Option<String>,
}

impl RegisteredTarget {
    /// Returns the target, in its first namespace (`default` if it has none). `variable` looks up the
    /// environment. The address is checked at each connection, as that of every server that callers may name.
    ///
    /// # Errors
    /// Returns an error if the settings are not valid, or would send a secret without TLS.
    pub fn target(
        &self,
        variable: impl FnOnce(&str) -> Option<String>,
    ) -> Result<TemporalTarget, TemporalSettingsError> {
        let path = |path: &Option<String>| path.clone().map(DataSource::Path);
        let tls = self.tls.as_ref().map(|tls| {
            ClientConfigTLS::builder()
                .maybe_server_ca_cert(path(&tls.server_ca_cert_path))
                .maybe_server_name(tls.server_name.clone())
                .maybe_client_cert(path(&tls.client_cert_path))
                .maybe_client_key(path(&tls.client_key_path))
                .build()
        });
        let profile =
            ClientConfigProfile::builder().maybe_api_key(self.api_key(variable)?).maybe_tls(tls).build();
        let namespace = self.namespaces.first().map_or(DEFAULT_NAMESPACE, String::as_str);
        let key_file = self.api_key_file.as_ref().map(|path| SettingFile::of("api_key_file", path));
        Ok(settings::target(profile, key_file, &self.address, "the address", namespace.to_owned())?.checked())
    }

    /// Returns the API key in a variable.
    fn api_key(
        &self,
        variable: impl FnOnce(&str) -> Option<String>,
    ) -> Result<Option<String>, TemporalSettingsError> {
        let Some(name) = &self.api_key_env else { return Ok(None) };
        if self.api_key_file.is_some() {
            return Err(TemporalSettingsError::new("write api_key_file or api_key_env, not both"));
        }
        let missing = format!("api_key_env names the variable {name}, which is not set");
        let key = variable(name).ok_or_else(|| TemporalSettingsError::new(missing))?;
        let key = key.trim();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let text = "the API key of api_key_env is empty, or has characters that a header cannot have";
            return Err(TemporalSettingsError::new(text));
        }
        Ok(Some(key.to_owned()))
    }
}
