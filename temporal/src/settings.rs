//! The Temporal server that a process uses: EMCO's variables, then the SDK's variables and TOML profile.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;

use service::files::SettingFile;
use temporalio_client::envconfig::{ClientConfigProfile, DataSource, LoadClientConfigProfileOptions};
use temporalio_client::{ConnectionOptions, TlsOptions};
use temporalio_common::envconfig::load_client_config_profile;

use super::address;
use super::target::{TemporalTarget, key_in};

const DEFAULT_ADDRESS: &str = "localhost:7233";
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// The Temporal server to use. The environment and the profile give what no flag gives: see
/// [`target`](Self::target).
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Temporal")]
pub struct TemporalSettings {
    /// Temporal's address, as host:port or URL. Without it: TEMPORAL_SERVER (and TEMPORAL_PORT),
    /// TEMPORAL_ADDRESS, the TOML profile (TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE), localhost:7233. API key
    /// and TLS: TEMPORAL_API_KEY_FILE or TEMPORAL_API_KEY, TEMPORAL_TLS and TEMPORAL_TLS_*, or the profile.
    #[arg(long = "temporal-address", value_name = "ADDRESS")]
    pub address: Option<String>,
    /// The namespace. Without it: TEMPORAL_NAMESPACE, the TOML profile, `default`.
    #[arg(long = "temporal-namespace", value_name = "NAME")]
    pub namespace: Option<String>,
}

/// Why the settings name no Temporal server that can be used.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct TemporalSettingsError {
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl TemporalSettingsError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// Returns a function that adds the cause.
    pub(super) fn because<E: Error + Send + Sync + 'static>(message: String) -> impl FnOnce(E) -> Self {
        |source| Self { message, source: Some(source.into()) }
    }

    /// Returns the error for what the SDK refuses.
    fn refused(error: &impl ToString) -> Self {
        // TOML's errors quote the invalid line, which may have a key.
        let text = error.to_string();
        let lines: Vec<_> = text.lines().filter(|line| !line.contains('|')).collect();
        let settings = "the Temporal settings (TEMPORAL_* and the TOML profile)";
        Self::new(format!("{settings} cannot be used: {}", lines.join(" ")))
    }
}

impl TemporalSettings {
    /// Returns the target: flags, then EMCO's `TEMPORAL_SERVER` and `TEMPORAL_PORT` (EMCO-API §2.4), then
    /// `TEMPORAL_*` and the TOML profile as the SDK reads them.
    ///
    /// # Errors
    /// Returns an error if they are not valid, or would send a secret without TLS. The SDK alone accepts most
    /// of these cases.
    pub fn target(&self) -> Result<TemporalTarget, TemporalSettingsError> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("TEMPORAL_"))
            .collect();
        self.target_in(environment)
    }

    /// Returns the target in an environment of these variables.
    ///
    /// # Errors
    /// As for [`target`](Self::target).
    pub fn target_in(
        &self,
        mut environment: HashMap<String, String>,
    ) -> Result<TemporalTarget, TemporalSettingsError> {
        // Charts set a variable without a value to an empty text.
        environment.retain(|_, value| !value.trim().is_empty());
        if let Some(path) = environment.get("TEMPORAL_CONFIG_FILE") {
            File::open(path).map_err(TemporalSettingsError::because(format!(
                "TEMPORAL_CONFIG_FILE names `{path}`, which cannot be read"
            )))?;
        }
        let key_file = environment.remove("TEMPORAL_API_KEY_FILE");
        if key_file.is_some() && environment.contains_key("TEMPORAL_API_KEY") {
            let text = "write TEMPORAL_API_KEY_FILE or TEMPORAL_API_KEY, not both";
            return Err(TemporalSettingsError::new(text));
        }
        let key_file = key_file.map(|path| SettingFile::of("TEMPORAL_API_KEY_FILE", path));
        let mut profile =
            load_client_config_profile(LoadClientConfigProfileOptions::default(), Some(&environment))
                .map_err(|error| TemporalSettingsError::refused(&error))?;
        let (origin, address) =
            match (&self.address, environment.get("TEMPORAL_SERVER"), profile.address.take()) {
                (Some(address), _, _) => ("--temporal-address", address.clone()),
                (None, Some(server), _) => {
                    ("TEMPORAL_SERVER", with_port(server, environment.get("TEMPORAL_PORT"))?)
                }
                (None, None, Some(address)) => {
                    ("TEMPORAL_ADDRESS or the address of the TOML profile", address)
                }
                (None, None, None) => ("the default", DEFAULT_ADDRESS.to_owned()),
            };
        let namespace = self.namespace.clone().or_else(|| profile.namespace.take());
        let namespace = namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
        target(profile, key_file, &address, origin, namespace)
    }
}

/// Returns the target that a profile describes, at an address that `origin` gives, with the API key in
/// `key_file` instead of the profile's. What the SDK would ignore is an error.
pub(super) fn target(
    mut profile: ClientConfigProfile,
    key_file: Option<SettingFile>,
    address: &str,
    origin: &str,
    namespace: String,
) -> Result<TemporalTarget, TemporalSettingsError> {
    let wrong = |text: String| Err(TemporalSettingsError::new(text));
    if profile.codec.is_some() {
        return wrong("remote codecs are not supported; remove TEMPORAL_CODEC_ENDPOINT".to_owned());
    }
    if let Some(file) = &key_file {
        let key = key_in(file.clone())
            .map_err(TemporalSettingsError::because("the API key cannot be read".to_owned()))?;
        profile.api_key = Some(key.current().to_string());
    }
    let mut tls_off = false;
    let mut files = [None, None, None];
    if let Some(tls) = &profile.tls {
        if tls.disable_host_verification {
            return wrong(
                "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION is not supported; name the authority instead, with \
                 TEMPORAL_TLS_SERVER_CA_CERT_PATH"
                    .to_owned(),
            );
        }
        tls_off = tls.disabled == Some(true);
        for (what, source) in [
            ("client certificate", &tls.client_cert),
            ("client key", &tls.client_key),
            ("server CA certificate", &tls.server_ca_cert),
        ] {
            if let Some(DataSource::Path(path)) = source {
                let unreadable = format!(
                    "the {what} `{path}` cannot be read (TEMPORAL_TLS_*_PATH, the TOML profile, or the entry of a \
                     registered server)"
                );
                File::open(path).map_err(TemporalSettingsError::because(unreadable))?;
            }
        }
        files = [&tls.server_ca_cert, &tls.client_cert, &tls.client_key].map(|source| match source {
            Some(DataSource::Path(path)) => Some(path.into()),
            _ => None,
        });
    }
    let mut options =
        ConnectionOptions::try_from(profile).map_err(|error| TemporalSettingsError::refused(&error))?;
    options.target = address::url(address, options.tls_options.is_some())
        .map_err(TemporalSettingsError::because(format!("{origin} is wrong")))?;
    let url = &options.target;
    let secret = match (&options.api_key, &options.tls_options) {
        (Some(_), _) => Some("an API key"),
        (None, tls) => tls.as_ref().map(|_| "TLS"),
    };
    match secret {
        Some(what) if url.scheme() == "http" => {
            return wrong(format!(
                "{what} is set, but {url} is reached without TLS: write an https:// address, or remove the setting"
            ));
        }
        None if url.scheme() == "https" && tls_off => {
            return wrong(format!("{url} requires TLS, but TEMPORAL_TLS or the profile disables it"));
        }
        _ => {}
    }
    if url.scheme() == "https" {
        options.tls_options.get_or_insert_with(TlsOptions::default);
    }
    Ok(TemporalTarget::of(options, key_file, files, namespace))
}

/// Returns the address from EMCO's charts, which give the host in one variable and the port in another.
fn with_port(server: &str, port: Option<&String>) -> Result<String, TemporalSettingsError> {
    let Some(port) = port.filter(|_| !address::has_port(server)) else { return Ok(server.to_owned()) };
    // Kubernetes sets TEMPORAL_PORT=tcp://10.0.0.1:7233 by itself if a service is called `temporal`.
    let number = match port.strip_prefix("tcp://") {
        Some(address) => address.rsplit(':').next().unwrap_or_default(),
        None => port,
    };
    let number: u16 = number.trim().parse().map_err(|_| {
        let text = format!("TEMPORAL_PORT is `{port}`, which is not a port: write a number such as 7233");
        TemporalSettingsError::new(text)
    })?;
    Ok(format!("{}:{number}", server.trim_end_matches('/')))
}
