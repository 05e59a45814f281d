//! Which Temporal server, which namespace, and as whom.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue};
use temporalio_client::{ConnectionOptions, GrpcCompression, RetryOptions};
use url::Url;

use super::address::{self, AddressError};
use super::channel::{self, Channel, Dial, DialError, Origin, Place};

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

    /// How to reach the server; at `address` and nowhere else, where it is given.
    ///
    /// # Errors
    /// When what is set of TLS cannot be used.
    pub(super) async fn dial(&self, address: Option<SocketAddr>) -> Result<Dial, DialError> {
        let (host, port) = self.host_and_port();
        let place = address.map_or_else(|| Place::Host(host.to_owned(), port), Place::Address);
        // Whichever address is dialled, the server is who the URL, or the setting, says.
        let named = self.tls.as_ref().and_then(|tls| tls.server_name.clone());
        let authority = named.clone().unwrap_or_else(|| self.address());
        let authority = Authority::try_from(authority)
            .map_err(|error| DialError::settings("the server's name", error))?;
        let (scheme, tls) = match &self.tls {
            None => (Scheme::HTTP, None),
            Some(tls) => (Scheme::HTTPS, Some((tls.clone(), named.unwrap_or_else(|| host.to_owned())))),
        };
        Dial::new(place, Origin { scheme, authority }, tls).await
    }

    /// What each call tells the server of who calls, as the SDK has it.
    ///
    /// # Errors
    /// When a setting cannot be a header.
    pub(super) fn headers(&self) -> Result<HeaderMap, DialError> {
        let unusable = |what| move |error: http::Error| DialError::settings(what, error);
        let sdk = ConnectionOptions::new(self.url.clone()).build();
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name).map_err(|error| unusable("a header")(error.into()))?;
            let value = HeaderValue::try_from(value).map_err(|error| unusable("a header")(error.into()))?;
            headers.insert(name, value);
        }
        for (name, value, what) in [
            ("client-name", Some(sdk.get_client_name().to_owned()), "the client's name"),
            ("client-version", Some(sdk.get_client_version().to_owned()), "the client's version"),
            ("temporal-namespace", Some(self.namespace.clone()), "the namespace"),
            ("authorization", self.api_key.as_ref().map(|key| format!("Bearer {key}")), "the API key"),
        ] {
            if let Some(value) = value {
                let mut value = HeaderValue::try_from(value).map_err(|error| unusable(what)(error.into()))?;
                // Neither in logs nor in tables that tell by their size what was sent before (RFC 7541 §7.1).
                value.set_sensitive(name == "authorization");
                headers.entry(name).or_insert(value);
            }
        }
        Ok(headers)
    }

    /// What the SDK needs to know to speak over this channel.
    pub(super) fn connection_options(
        &self,
        channel: &Channel,
        identity: String,
        retries: RetryOptions,
    ) -> ConnectionOptions {
        ConnectionOptions::new(self.url.clone())
            .service_override(channel::service(channel))
            // The channel's own work, as all of what is between a call and the server.
            .dns_load_balancing(None)
            .identity(identity)
            .retry_options(retries)
            .maybe_api_key(self.api_key.clone())
            // The SDK would pack every message. Those are small, and gain little by the time that packing takes.
            .grpc_compression(GrpcCompression::None)
            .maybe_headers((!self.headers.is_empty()).then(|| self.headers.clone().into_iter().collect()))
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
}
