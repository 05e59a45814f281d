//! A Temporal server, a namespace, and our credentials.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use service::files::{FileError, Reloaded, SettingFile};
use service::token::token;
use temporalio_client::{ClientTlsOptions, ConnectionOptions, GrpcCompression, RetryOptions, TlsOptions};
use url::Url;

use super::address::{self, AddressError};

/// A namespace on a Temporal server, with our credentials there. Two targets are equal if they name the same
/// server, with the same credentials, and the same namespace. Clones are cheap.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TemporalTarget {
    pub(super) server: Arc<ServerTarget>,
    namespace: String,
}

/// A Temporal server, with our credentials there. One connection serves all its namespaces.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ServerTarget {
    url: Url,
    api_key: Option<String>,
    /// The file of the API key, if it is in one.
    api_key_file: Option<SettingFile>,
    tls: Option<Tls>,
    headers: BTreeMap<String, String>,
    /// Whether the address is checked at each connection, because callers can choose this server.
    checked: bool,
}

/// The TLS settings: PEM texts, as in the SDK.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Tls {
    pub(super) authorities: Option<Vec<u8>>,
    pub(super) server_name: Option<String>,
    /// Our certificate and its key.
    pub(super) identity: Option<(Vec<u8>, Vec<u8>)>,
    /// The files of authorities, certificate and key, as far as these are in files.
    pub(super) files: [Option<PathBuf>; 3],
}

impl Tls {
    /// Returns the settings, whose files are read again when they change; `None` if nothing is in files.
    pub(super) fn reloaded(&self) -> Option<Reloaded<Self>> {
        let files: Vec<SettingFile> = self.files.iter().flatten().map(|file| file.as_path().into()).collect();
        if files.is_empty() {
            return None;
        }
        let before = self.clone();
        let loaded = Reloaded::load(files, move |contents| Ok(before.with(contents)));
        let loaded = loaded.inspect_err(|error| {
            tracing::error!(error = service::chain(error), "changes of files for Temporal are not noticed");
        });
        loaded.ok()
    }

    /// Returns these settings with other contents of their files.
    fn with(&self, contents: &[Vec<u8>]) -> Self {
        let mut contents = contents.iter().cloned();
        let mut of = |file: &Option<PathBuf>, text| if file.is_some() { contents.next() } else { text };
        let [authorities, certificate, key] = &self.files;
        let (own, own_key) = self.identity.clone().unzip();
        let authorities = of(authorities, self.authorities.clone());
        let identity = of(certificate, own).zip(of(key, own_key));
        Self { authorities, identity, ..self.clone() }
    }
}

/// Returns the API key in a file, which is read again when it changes.
pub(super) fn key_in(file: SettingFile) -> Result<Reloaded<String>, FileError> {
    Reloaded::load(vec![file.clone()], move |contents| token(&file, contents).map(str::to_owned))
}

impl TemporalTarget {
    /// Returns a namespace on the server at `address` (`host:port` or a URL), without credentials; with
    /// `https://`, with TLS. It is for servers that a caller names, which must not get our key or
    /// certificate.
    ///
    /// # Errors
    /// Returns an error if `address` is not an address.
    pub fn new(address: &str, namespace: impl Into<String>) -> Result<Self, AddressError> {
        let url = address::url(address, false)?;
        let tls = (url.scheme() == "https").then(Tls::default);
        let headers = BTreeMap::new();
        let server = ServerTarget { url, api_key: None, api_key_file: None, tls, headers, checked: false };
        Ok(Self { server: Arc::new(server), namespace: namespace.into() })
    }

    /// Restricts connections to addresses that any caller may name (see [`outbound`](service::outbound)).
    #[must_use]
    pub fn checked(mut self) -> Self {
        Arc::make_mut(&mut self.server).checked = true;
        self
    }

    /// Returns the server as `host:port`.
    pub fn address(&self) -> String {
        self.server.address()
    }

    /// Returns the namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns another namespace of the same server, with the same credentials.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Returns the target of the SDK's options.
    pub(super) fn of(
        options: ConnectionOptions,
        api_key_file: Option<SettingFile>,
        files: [Option<PathBuf>; 3],
        namespace: String,
    ) -> Self {
        let tls = options.tls_options.map(|tls| Tls {
            authorities: tls.server_root_ca_cert,
            server_name: tls.domain,
            identity: tls
                .client_tls_options
                .map(|identity| (identity.client_cert, identity.client_private_key)),
            files,
        });
        let server = ServerTarget {
            url: options.target,
            api_key: options.api_key,
            api_key_file,
            tls,
            headers: options.headers.unwrap_or_default().into_iter().collect(),
            checked: false,
        };
        Self { server: Arc::new(server), namespace }
    }
}

impl ServerTarget {
    /// Returns the server as `host:port`.
    pub(super) fn address(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Returns whether the address must be checked before it is dialled.
    pub(super) fn is_checked(&self) -> bool {
        self.checked
    }

    /// Returns the TLS settings.
    pub(super) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// Returns the API key, which is read again when its file changes; `None` if it is not in a file.
    pub(super) fn reloaded_key(&self) -> Option<Reloaded<String>> {
        let loaded = key_in(self.api_key_file.clone()?);
        let loaded = loaded.inspect_err(|error| {
            tracing::error!(
                error = service::chain(error),
                "changes of the API key for Temporal are not noticed"
            );
        });
        loaded.ok()
    }

    /// Returns the server with other TLS settings, or another API key, as far as they are given.
    pub(super) fn with(&self, tls: Option<&Tls>, api_key: Option<&String>) -> Self {
        let tls = tls.or(self.tls.as_ref()).cloned();
        Self { tls, api_key: api_key.or(self.api_key.as_ref()).cloned(), ..self.clone() }
    }

    /// Returns the host and the port.
    pub(super) fn host_and_port(&self) -> (&str, u16) {
        (self.url.host_str().unwrap_or_default(), self.url.port_or_known_default().unwrap_or(address::PORT))
    }

    /// Returns the SDK's options to connect; if `dialled` is given, to that address only.
    pub(super) fn connection_options(
        &self,
        dialled: Option<SocketAddr>,
        identity: String,
        timeout: Duration,
        retries: RetryOptions,
    ) -> ConnectionOptions {
        // Whichever address is dialled, the server must be the one that the URL, or the setting, names.
        let named = self.tls.as_ref().and_then(|tls| tls.server_name.as_ref());
        let origin = named.map_or_else(|| self.url.to_string(), |name| format!("https://{name}"));
        let mut url = self.url.clone();
        if let Some(address) = dialled {
            // A URL that has a host accepts an address in its place.
            let placed = url.set_ip_host(address.ip()).is_ok() && url.set_port(Some(address.port())).is_ok();
            debug_assert!(placed, "{url}");
        }
        ConnectionOptions::new(url)
            .maybe_override_origin(origin.parse().ok())
            .maybe_tls_options(self.tls.as_ref().map(|tls| self.tls_options(tls)))
            // One connection, to the first address that accepts it.
            .dns_load_balancing(None)
            .identity(identity)
            .connect_timeout(timeout)
            .retry_options(retries)
            .maybe_api_key(self.api_key.clone())
            // The SDK compresses every message by default. Ours are small, and not worth the time.
            .grpc_compression(GrpcCompression::None)
            .maybe_headers((!self.headers.is_empty()).then(|| self.headers.clone().into_iter().collect()))
            .build()
    }

    fn tls_options(&self, tls: &Tls) -> TlsOptions {
        let identity = tls.identity.as_ref().map(|(certificate, key)| {
            ClientTlsOptions::builder()
                .client_cert(certificate.clone())
                .client_private_key(key.clone())
                .build()
        });
        // Without a name, the address that is dialled is verified. The SDK accepts no IPv6 address as a name.
        let host = self.url.domain().map(str::to_owned);
        TlsOptions::builder()
            .maybe_server_root_ca_cert(tls.authorities.clone())
            .maybe_domain(tls.server_name.clone().or(host))
            .maybe_client_tls_options(identity)
            .build()
    }
}

/// Prints the files, but not their contents.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

impl fmt::Debug for TemporalTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporalTarget")
            .field("server", &self.server)
            .field("namespace", &self.namespace)
            .finish()
    }
}

/// Prints whether there are secrets, but not the secrets.
impl fmt::Debug for ServerTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTarget")
            .field("url", &self.url.as_str())
            .field("tls", &self.tls.is_some())
            .field("client_certificate", &self.tls.as_ref().is_some_and(|tls| tls.identity.is_some()))
            .field("api_key", &self.api_key.is_some())
            .field("headers", &self.headers.keys())
            .field("checked", &self.checked)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_addresses_make_equal_targets() {
        let target = TemporalTarget::new("temporal:7233", "default").unwrap();
        assert_eq!(target, TemporalTarget::new("http://TEMPORAL:7233/", "default").unwrap());
        assert_ne!(target, target.clone().with_namespace("other"));
        assert_eq!(target.address(), "temporal:7233");
        assert_eq!(TemporalTarget::new("[::1]", "default").unwrap().address(), "[::1]:7233");
    }

    fn options(target: &TemporalTarget, dialled: Option<&str>) -> ConnectionOptions {
        let dialled = dialled.map(|address| address.parse().unwrap());
        target.server.connection_options(
            dialled,
            String::new(),
            Duration::from_secs(1),
            RetryOptions::no_retries(),
        )
    }

    #[test]
    fn an_address_is_dialled_and_a_name_is_verified() {
        for (address, dialled, url, origin, name) in [
            (
                "https://cloud.example",
                "10.0.0.1:443",
                "https://10.0.0.1/",
                "https://cloud.example/",
                Some("cloud.example"),
            ),
            (
                "https://cloud.example:1",
                "[fd00::1]:1",
                "https://[fd00::1]:1/",
                "https://cloud.example:1/",
                Some("cloud.example"),
            ),
            ("https://[fd00::1]:1", "[fd00::1]:1", "https://[fd00::1]:1/", "https://[fd00::1]:1/", None),
        ] {
            let target = TemporalTarget::new(address, "default").unwrap();
            let options = options(&target, Some(dialled));
            assert_eq!(options.target.as_str(), url);
            assert_eq!(options.override_origin.unwrap(), origin);
            assert_eq!(options.tls_options.unwrap().domain.as_deref(), name);
        }
    }

    #[test]
    fn a_server_name_of_the_settings_is_verified() {
        let tls = Tls { server_name: Some("temporal.internal".to_owned()), ..Tls::default() };
        let mut target = TemporalTarget::new("https://10.0.0.1:7233", "default").unwrap();
        Arc::make_mut(&mut target.server).tls = Some(tls);
        let options = options(&target, None);
        assert_eq!(options.target.as_str(), "https://10.0.0.1:7233/");
        assert_eq!(options.override_origin.unwrap(), "https://temporal.internal/");
        assert_eq!(options.tls_options.unwrap().domain.unwrap(), "temporal.internal");
    }

    #[test]
    fn messages_are_not_compressed_and_http_has_no_tls() {
        let options = options(&TemporalTarget::new("temporal", "default").unwrap(), None);
        assert!(matches!(options.grpc_compression, GrpcCompression::None));
        assert!(options.tls_options.is_none());
    }
}
