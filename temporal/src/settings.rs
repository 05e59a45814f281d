//! Which Temporal a process uses: EMCO's variables, then the SDK's variables and TOML profile, checked for what the SDK lets pass.

use std::collections::HashMap;
use std::fs::File;
use std::io;

use temporalio_client::envconfig::{ClientConfigProfile, DataSource, LoadClientConfigProfileOptions};
use temporalio_client::{ConnectionOptions, TlsOptions};
use temporalio_common::envconfig::load_client_config_profile;
use url::Url;

use super::address::{self, AddressError};
use super::target::TemporalTarget;

const DEFAULT_ADDRESS: &str = "localhost:7233";
const DEFAULT_NAMESPACE: &str = "default";

/// Which Temporal to use. What no flag says comes from the environment and the profile: see [`target`](Self::target).
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Temporal")]
pub struct TemporalSettings {
    /// Temporal's address, as host:port or URL. Without it: TEMPORAL_SERVER (and TEMPORAL_PORT), TEMPORAL_ADDRESS, the TOML profile
    /// (TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE), localhost:7233. API key and TLS: TEMPORAL_API_KEY, TEMPORAL_TLS and TEMPORAL_TLS_*, or
    /// the profile.
    #[arg(long = "temporal-address", value_name = "ADDRESS")]
    pub address: Option<String>,
    /// The namespace. Without it: TEMPORAL_NAMESPACE, the TOML profile, `default`.
    #[arg(long = "temporal-namespace", value_name = "NAME")]
    pub namespace: Option<String>,
}

/// Why the settings name no Temporal that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemporalSettingsError {
    /// The SDK would go on without its profile.
    #[error("TEMPORAL_CONFIG_FILE names `{path}`, which cannot be read")]
    ConfigFile {
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A certificate or key cannot be read.
    #[error(
        "the {what} of Temporal's TLS settings, `{path}`, cannot be read (TEMPORAL_TLS_*_PATH or the TOML profile)"
    )]
    TlsFile {
        /// Which.
        what: &'static str,
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The SDK does not take the variables or the profile.
    #[error("the Temporal settings (TEMPORAL_* and the TOML profile) cannot be used: {0}")]
    Refused(String),
    /// Not an address.
    #[error("{origin} is wrong")]
    Address {
        /// Where it was said.
        origin: &'static str,
        /// What is wrong.
        #[source]
        source: AddressError,
    },
    /// Not a port.
    #[error("TEMPORAL_PORT is `{0}`, which is not a port: write a number such as 7233")]
    Port(String),
    /// A secret would travel in clear.
    #[error(
        "{what} is set for Temporal, but {url} is reached in clear: give an https:// address (TEMPORAL_ADDRESS), or none of it"
    )]
    InClear {
        /// What is set.
        what: &'static str,
        /// The address.
        url: Url,
    },
    /// TLS is wanted and switched off.
    #[error("{0} asks for TLS, but TEMPORAL_TLS or the profile switches it off")]
    TlsOff(Url),
    /// The SDK reads the setting and does nothing with it.
    #[error("{0} is not supported; remove it (TEMPORAL_* and the TOML profile)")]
    Unsupported(&'static str),
}

impl TemporalSettings {
    /// The target: flags, then EMCO's `TEMPORAL_SERVER` and `TEMPORAL_PORT` (EMCO-API §2.4), then `TEMPORAL_*` and the TOML profile as
    /// the SDK reads them.
    ///
    /// # Errors
    /// When they are wrong, or would send a secret in clear. The SDK alone would go on in most of these cases.
    pub fn target(&self) -> Result<TemporalTarget, TemporalSettingsError> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("TEMPORAL_"))
            .collect();
        self.target_in(environment)
    }

    /// The target in an environment of these variables.
    ///
    /// # Errors
    /// As for [`target`](Self::target).
    pub fn target_in(
        &self,
        mut environment: HashMap<String, String>,
    ) -> Result<TemporalTarget, TemporalSettingsError> {
        // Charts set what they have no value for to nothing.
        environment.retain(|_, value| !value.trim().is_empty());
        let mut profile = profile(&environment)?;
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
        let tls_off = profile.tls.as_ref().is_some_and(|tls| tls.disabled == Some(true));
        let mut options = ConnectionOptions::try_from(profile)
            .map_err(|error| TemporalSettingsError::Refused(without_lines_of_files(&error.to_string())))?;
        options.target = address::url(&address, options.tls_options.is_some())
            .map_err(|source| TemporalSettingsError::Address { origin, source })?;
        match (options.target.scheme(), &options.tls_options, &options.api_key) {
            ("http", _, Some(_)) => {
                Err(TemporalSettingsError::InClear { what: "an API key", url: options.target })
            }
            ("http", Some(_), None) => {
                Err(TemporalSettingsError::InClear { what: "TLS", url: options.target })
            }
            ("https", None, _) if tls_off => Err(TemporalSettingsError::TlsOff(options.target)),
            _ => {
                if options.target.scheme() == "https" {
                    options.tls_options.get_or_insert_with(TlsOptions::default);
                }
                Ok(TemporalTarget::of(&options, namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned())))
            }
        }
    }
}

/// The SDK's profile; but what it would pass over in silence is an error.
fn profile(environment: &HashMap<String, String>) -> Result<ClientConfigProfile, TemporalSettingsError> {
    if let Some(path) = environment.get("TEMPORAL_CONFIG_FILE") {
        File::open(path)
            .map_err(|source| TemporalSettingsError::ConfigFile { path: path.clone(), source })?;
    }
    let profile = load_client_config_profile(LoadClientConfigProfileOptions::default(), Some(environment))
        .map_err(|error| TemporalSettingsError::Refused(without_lines_of_files(&error.to_string())))?;
    if profile.codec.is_some() {
        return Err(TemporalSettingsError::Unsupported("a remote codec (TEMPORAL_CODEC_ENDPOINT)"));
    }
    if let Some(tls) = &profile.tls {
        if tls.disable_host_verification {
            return Err(TemporalSettingsError::Unsupported(
                "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION (give the authority with TEMPORAL_TLS_SERVER_CA_CERT_PATH instead)",
            ));
        }
        for (what, source) in [
            ("client certificate", &tls.client_cert),
            ("client key", &tls.client_key),
            ("server's authority", &tls.server_ca_cert),
        ] {
            if let Some(DataSource::Path(path)) = source {
                File::open(path).map_err(|source| TemporalSettingsError::TlsFile {
                    what,
                    path: path.clone(),
                    source,
                })?;
            }
        }
    }
    Ok(profile)
}

/// EMCO's charts give the host in one variable and the port in another.
fn with_port(server: &str, port: Option<&String>) -> Result<String, TemporalSettingsError> {
    let Some(port) = port else { return Ok(server.to_owned()) };
    // Kubernetes sets TEMPORAL_PORT=tcp://10.0.0.1:7233 by itself where a service is called `temporal`.
    let number = port
        .rsplit_once(':')
        .filter(|_| port.starts_with("tcp://"))
        .map_or(port.as_str(), |(_, number)| number);
    let number: u16 = number.trim().parse().map_err(|_| TemporalSettingsError::Port(port.clone()))?;
    let named = server
        .rsplit_once(':')
        .is_some_and(|(_, end)| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()));
    Ok(if named { server.to_owned() } else { format!("{}:{number}", server.trim_end_matches('/')) })
}

/// TOML's errors quote the line at fault, which may hold a key.
fn without_lines_of_files(text: &str) -> String {
    text.lines().filter(|line| !line.contains('|')).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// The target in an environment without a profile, whatever this machine has.
    fn target(variables: &[(&str, &str)]) -> Result<TemporalTarget, TemporalSettingsError> {
        target_with("", variables)
    }

    fn target_with(toml: &str, variables: &[(&str, &str)]) -> Result<TemporalTarget, TemporalSettingsError> {
        let mut profile = tempfile::NamedTempFile::new().unwrap();
        profile.write_all(toml.as_bytes()).unwrap();
        let file = ("TEMPORAL_CONFIG_FILE", profile.path().to_str().unwrap());
        let variables = [file]
            .iter()
            .chain(variables)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        TemporalSettings::default().target_in(variables)
    }

    fn refusal(variables: &[(&str, &str)]) -> String {
        service::chain(&target(variables).unwrap_err())
    }

    #[test]
    fn nothing_said_means_the_local_server() {
        let target = target(&[]).unwrap();
        assert_eq!((target.address(), target.namespace()), ("localhost:7233".to_owned(), "default"));
    }

    #[test]
    fn emcos_variables_come_before_the_sdks() {
        let sdk = ("TEMPORAL_ADDRESS", "other:7233");
        for (variables, address) in [
            (vec![("TEMPORAL_SERVER", "temporal")], "temporal:7233"),
            (vec![("TEMPORAL_SERVER", "temporal"), sdk], "temporal:7233"),
            (vec![("TEMPORAL_SERVER", "temporal"), ("TEMPORAL_PORT", "7234")], "temporal:7234"),
            (vec![("TEMPORAL_SERVER", "temporal:7235"), ("TEMPORAL_PORT", "7234")], "temporal:7235"),
            (
                vec![("TEMPORAL_SERVER", "temporal"), ("TEMPORAL_PORT", "tcp://10.0.0.1:7236")],
                "temporal:7236",
            ),
            (vec![("TEMPORAL_SERVER", ""), sdk], "other:7233"),
            (vec![("TEMPORAL_PORT", "7234"), sdk], "other:7233"),
        ] {
            assert_eq!(target(&variables).unwrap().address(), address, "{variables:?}");
        }
    }

    #[test]
    fn flags_come_before_all_variables() {
        let settings =
            TemporalSettings { address: Some("flag:1".to_owned()), namespace: Some("flagged".to_owned()) };
        let variables = [("TEMPORAL_SERVER", "temporal"), ("TEMPORAL_NAMESPACE", "other")];
        let target = settings
            .target_in(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
            .unwrap();
        assert_eq!((target.address(), target.namespace()), ("flag:1".to_owned(), "flagged"));
    }

    #[test]
    fn the_profile_is_read_and_variables_come_before_it() {
        let toml = "[profile.default]\naddress = \"cloud.example:7233\"\nnamespace = \"from-file\"\napi_key = \"k\"\n";
        let target = target_with(toml, &[("TEMPORAL_NAMESPACE", "from-environment")]).unwrap();
        assert_eq!(
            (target.address(), target.namespace()),
            ("cloud.example:7233".to_owned(), "from-environment")
        );
        let text = format!("{target:?}");
        assert!(text.contains("https://cloud.example:7233/") && text.contains("api_key: true"), "{text}");
    }

    #[test]
    fn no_secret_shows_in_debug_text() {
        let target = target(&[
            ("TEMPORAL_ADDRESS", "cloud.example:7233"),
            ("TEMPORAL_API_KEY", "hunter2"),
            ("TEMPORAL_GRPC_META_X_TOKEN", "hunter2"),
            ("TEMPORAL_TLS_CLIENT_CERT_DATA", "hunter2"),
            ("TEMPORAL_TLS_CLIENT_KEY_DATA", "hunter2"),
        ]);
        let text = format!("{:?}", target.unwrap());
        assert!(!text.contains("hunter2") && text.contains("client_certificate: true"), "{text}");
    }

    #[test]
    fn secrets_do_not_travel_in_clear() {
        let address = ("TEMPORAL_ADDRESS", "http://temporal:7233");
        for (name, value) in
            [("TEMPORAL_API_KEY", "hunter2"), ("TEMPORAL_TLS", "true"), ("TEMPORAL_TLS_SERVER_NAME", "t")]
        {
            let text = refusal(&[address, (name, value)]);
            assert!(text.contains("in clear") && !text.contains("hunter2"), "{name}: {text}");
        }
        let text = refusal(&[("TEMPORAL_API_KEY", "hunter2"), ("TEMPORAL_TLS", "false")]);
        assert!(text.contains("in clear"), "{text}");
        // Without a scheme, and without an address at all, TLS decides.
        assert!(
            format!("{:?}", target(&[("TEMPORAL_API_KEY", "k")]).unwrap())
                .contains("https://localhost:7233/")
        );
    }

    #[test]
    fn a_missing_profile_is_an_error() {
        let text = refusal(&[("TEMPORAL_CONFIG_FILE", "/nowhere/temporal.toml")]);
        assert!(text.contains("TEMPORAL_CONFIG_FILE") && text.contains("/nowhere/temporal.toml"), "{text}");
    }

    #[test]
    fn a_broken_profile_does_not_show_its_keys() {
        let error = target_with("[profile.default]\napi_key = hunter2\n", &[]).unwrap_err();
        assert!(error.to_string().contains("line 2") && !error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (variables, words) in [
            (vec![("TEMPORAL_SERVER", "temporal"), ("TEMPORAL_PORT", "seven")], "TEMPORAL_PORT"),
            (vec![("TEMPORAL_SERVER", "tem poral")], "TEMPORAL_SERVER"),
            (vec![("TEMPORAL_ADDRESS", "ftp://temporal")], "TEMPORAL_ADDRESS"),
            (vec![("TEMPORAL_PROFILE", "nobody")], "nobody"),
            (vec![("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "/nowhere/ca.pem")], "/nowhere/ca.pem"),
            (vec![("TEMPORAL_TLS_CLIENT_CERT_DATA", "pem")], "key"),
            (vec![("TEMPORAL_CODEC_ENDPOINT", "http://codec")], "TEMPORAL_CODEC_ENDPOINT"),
            (
                vec![("TEMPORAL_TLS_DISABLE_HOST_VERIFICATION", "true")],
                "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION",
            ),
            (vec![("TEMPORAL_ADDRESS", "https://temporal"), ("TEMPORAL_TLS", "false")], "TEMPORAL_TLS"),
        ] {
            let text = refusal(&variables);
            assert!(text.contains(words), "{variables:?}: {text}");
        }
    }
}
