//! Which Temporal server, which namespace, and as whom.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use temporalio_client::{ClientTlsOptions, ConnectionOptions, GrpcCompression, RetryOptions, TlsOptions};
use url::Url;

use super::address::{self, AddressError};

/// A namespace on a Temporal server, with what is needed to be let in. Targets are equal when one connection serves both.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TemporalTarget {
    url: Url,
    namespace: String,
    api_key: Option<String>,
    tls: Option<Tls>,
    headers: BTreeMap<String, String>,
    /// Whether the address is checked at each connection: callers can choose this server.
    checked: bool,
}

/// TLS towards the server: PEM texts, as the SDK takes them.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Tls {
    pub(super) authorities: Option<Vec<u8>>,
    pub(super) server_name: Option<String>,
    /// Our certificate and its key.
    pub(super) identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl TemporalTarget {
    /// A namespace on the server at `address` (`host:port` or a URL), in plain text and without credentials; with `https://` by TLS.
    /// For servers that a caller names: our own key and certificate must not go there.
    ///
    /// # Errors
    /// When `address` is none.
    pub fn new(address: &str, namespace: impl Into<String>) -> Result<Self, AddressError> {
        let url = address::url(address, false)?;
        let tls = (url.scheme() == "https").then(Tls::default);
        let headers = BTreeMap::new();
        Ok(Self { url, namespace: namespace.into(), api_key: None, tls, headers, checked: false })
    }

    /// The same server, dialled only at addresses that may be dialled whoever names it (see [`outbound`](service::outbound)).
    #[must_use]
    pub fn checked(mut self) -> Self {
        self.checked = true;
        self
    }

    /// What a registered server's settings say, checked by our caller.
    pub(super) fn registered(url: Url, namespace: String, api_key: Option<String>, tls: Option<Tls>) -> Self {
        Self { url, namespace, api_key, tls, headers: BTreeMap::new(), checked: true }
    }

    /// The server as `host:port`.
    pub fn address(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Another namespace of the same server, with the same credentials.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// What the SDK's own settings say, checked by our caller.
    pub(super) fn of(options: &ConnectionOptions, namespace: String) -> Self {
        let tls = options.tls_options.as_ref().map(|tls| Tls {
            authorities: tls.server_root_ca_cert.clone(),
            server_name: tls.domain.clone(),
            identity: tls
                .client_tls_options
                .as_ref()
                .map(|identity| (identity.client_cert.clone(), identity.client_private_key.clone())),
        });
        Self {
            url: options.target.clone(),
            namespace,
            api_key: options.api_key.clone(),
            tls,
            headers: options.headers.clone().unwrap_or_default().into_iter().collect(),
            checked: false,
        }
    }

    /// Whether its address must be checked before it is dialled.
    pub(super) fn is_checked(&self) -> bool {
        self.checked
    }

    /// The host, and the port that is dialled.
    pub(super) fn host_and_port(&self) -> (&str, u16) {
        (self.url.host_str().unwrap_or_default(), self.url.port_or_known_default().unwrap_or(address::PORT))
    }

    /// What the SDK needs to connect; to `dialled` and nowhere else, where it is given.
    pub(super) fn connection_options(
        &self,
        dialled: Option<SocketAddr>,
        identity: String,
        timeout: Duration,
        retries: RetryOptions,
    ) -> ConnectionOptions {
        // Whichever address is dialled, the server is who the URL, or the setting, names.
        let named = self.tls.as_ref().and_then(|tls| tls.server_name.as_ref());
        let origin = named.map_or_else(|| self.url.to_string(), |name| format!("https://{name}"));
        let mut url = self.url.clone();
        if let Some(address) = dialled {
            // The parts of a URL that has a host cannot refuse an address in its place.
            let placed = url.set_ip_host(address.ip()).is_ok() && url.set_port(Some(address.port())).is_ok();
            debug_assert!(placed, "{url}");
        }
        ConnectionOptions::new(url)
            .maybe_override_origin(origin.parse().ok())
            .maybe_tls_options(self.tls.as_ref().map(|tls| self.tls_options(tls)))
            // One connection, to the first of its addresses that takes it.
            .dns_load_balancing(None)
            .identity(identity)
            .connect_timeout(timeout)
            .retry_options(retries)
            .maybe_api_key(self.api_key.clone())
            // The SDK would pack every message. Those are small, and gain little by the time that packing takes.
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
        let host = self.url.host_str().unwrap_or_default();
        // Addresses have brackets in URLs.
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        TlsOptions::builder()
            .maybe_server_root_ca_cert(tls.authorities.clone())
            .domain(tls.server_name.clone().unwrap_or_else(|| host.to_owned()))
            .maybe_client_tls_options(identity)
            .build()
    }
}

/// Without secrets: whether there are any, not which.
impl fmt::Debug for TemporalTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporalTarget")
            .field("url", &self.url.as_str())
            .field("namespace", &self.namespace)
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
    fn one_server_spelt_differently_is_one_target() {
        let target = TemporalTarget::new("temporal:7233", "default").unwrap();
        assert_eq!(target, TemporalTarget::new("http://TEMPORAL:7233/", "default").unwrap());
        assert_ne!(target, target.clone().with_namespace("other"));
        assert_eq!(target.address(), "temporal:7233");
        assert_eq!(TemporalTarget::new("[::1]", "default").unwrap().address(), "[::1]:7233");
    }

    fn options(target: &TemporalTarget, dialled: Option<&str>) -> ConnectionOptions {
        let dialled = dialled.map(|address| address.parse().unwrap());
        target.connection_options(dialled, String::new(), Duration::from_secs(1), RetryOptions::no_retries())
    }

    #[test]
    fn an_address_is_dialled_and_a_name_is_asked_for() {
        for (address, dialled, url, origin, name) in [
            (
                "https://cloud.example",
                "10.0.0.1:443",
                "https://10.0.0.1/",
                "https://cloud.example/",
                "cloud.example",
            ),
            (
                "https://cloud.example:1",
                "[fd00::1]:1",
                "https://[fd00::1]:1/",
                "https://cloud.example:1/",
                "cloud.example",
            ),
            ("https://[fd00::1]:1", "[fd00::1]:1", "https://[fd00::1]:1/", "https://[fd00::1]:1/", "fd00::1"),
        ] {
            let target = TemporalTarget::new(address, "default").unwrap();
            let options = options(&target, Some(dialled));
            assert_eq!(options.target.as_str(), url);
            assert_eq!(options.override_origin.unwrap(), origin);
            assert_eq!(options.tls_options.unwrap().domain.unwrap(), name);
        }
    }

    #[test]
    fn a_server_name_of_the_settings_is_asked_for_whatever_the_address() {
        let tls = Tls { server_name: Some("temporal.internal".to_owned()), ..Tls::default() };
        let url = address::url("https://10.0.0.1:7233", true).unwrap();
        let target = TemporalTarget::registered(url, "default".to_owned(), None, Some(tls));
        let options = options(&target, None);
        assert_eq!(options.target.as_str(), "https://10.0.0.1:7233/");
        assert_eq!(options.override_origin.unwrap(), "https://temporal.internal/");
        assert_eq!(options.tls_options.unwrap().domain.unwrap(), "temporal.internal");
    }

    #[test]
    fn messages_are_not_packed_and_plain_text_is_plain() {
        let options = options(&TemporalTarget::new("temporal", "default").unwrap(), None);
        assert!(matches!(options.grpc_compression, GrpcCompression::None));
        assert!(options.tls_options.is_none());
    }
}
