//! The workflow clients that are called over TLS: the file of BRIDGE_CLIENTS. It is read again when it changes, and so
//! are the files that it names.
//!
//! ```toml
//! [[client]]
//! hosts = "*.edge.svc:9443"                 # as in BRIDGE_CLIENT_HOSTS; the first match is used
//! ca_file = "/etc/edge/ca.pem"              # authorities to trust instead of the system's
//! certificate_file = "/etc/edge/tls.crt"    # our certificate and its key, if the clients require one
//! key_file = "/etc/edge/tls.key"
//! token_file = "/run/secrets/edge-token"    # sent with every call
//!
//! [[client]]
//! hosts = "*.core.svc:9443"
//! [client.token_endpoint]                   # instead of token_file: tokens by client credentials
//! url = "https://login.example.org/realms/emco/protocol/openid-connect/token"
//! client_id = "emco-bridge"
//! client_secret_file = "/run/secrets/bridge-secret"
//! scope = "start"                           # optional, as are audience and resource
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bridge_core::ports::ClientError;
use http::HeaderValue;
use reqwest::{ClientBuilder, Identity};
use serde::Deserialize;
use service::files::{FileError, Reloaded, SettingFile};
use service::hosts::{HostPatterns, HostPort};
use service::outbound::Resolver;
use service::token::TokenFile;
use url::Url;

use crate::certificates::certificates;
use crate::token_endpoint::{TokenEndpoint, TokenEndpointSettings};

/// Makes the settings of an HTTP client that all calls share.
pub(crate) type Builder = Arc<dyn Fn() -> ClientBuilder + Send + Sync>;

/// The workflow clients that are called over TLS.
#[derive(Debug)]
pub(crate) struct SecuredClients(Option<Reloaded<Vec<Arc<SecuredClient>>>>);

/// The settings for some workflow clients.
#[derive(Debug)]
pub(crate) struct SecuredClient {
    hosts: HostPatterns,
    http: Reloaded<reqwest::Client>,
    credentials: Credentials,
}

#[derive(Debug)]
enum Credentials {
    None,
    File(TokenFile),
    Endpoint(Box<TokenEndpoint>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    client: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    hosts: String,
    ca_file: Option<PathBuf>,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
    token_endpoint: Option<TokenEndpointSettings>,
}

impl SecuredClients {
    /// Reads the file.
    pub(crate) fn load(
        file: Option<SettingFile>,
        builder: Builder,
        resolver: Resolver,
    ) -> Result<Self, FileError> {
        let Some(file) = file else { return Ok(Self(None)) };
        let mut before: Vec<(Entry, Arc<SecuredClient>)> = Vec::new();
        let clients = Reloaded::load(vec![file.clone()], move |contents| {
            let clients = entries(&file, &contents.concat())?.into_iter().map(|entry| {
                // One that has not changed keeps its connections and its token.
                let client = match before.iter().find(|(before, _)| *before == entry) {
                    Some((_, same)) => Arc::clone(same),
                    None => Arc::new(entry.load(&file, &builder, &resolver)?),
                };
                Ok((entry, client))
            });
            before = clients.collect::<Result<_, FileError>>()?;
            Ok(before.iter().map(|(_, client)| Arc::clone(client)).collect())
        })?;
        Ok(Self(Some(clients)))
    }

    /// Returns the settings of this host, if it is called over TLS.
    pub(crate) fn of(&self, host: &HostPort) -> Option<Arc<SecuredClient>> {
        self.0.as_ref()?.current().iter().find(|client| client.hosts.allow(host)).cloned()
    }
}

fn entries(file: &SettingFile, content: &[u8]) -> Result<Vec<Entry>, FileError> {
    let text = str::from_utf8(content).map_err(|error| file.fault_because("is no text", error))?;
    let document: Document = toml::from_str(text).map_err(|error| {
        let before = error.span().map_or(0, |span| span.start).min(text.len());
        let line = content[..before].iter().filter(|byte| **byte == b'\n').count() + 1;
        file.fault(format!("is not valid in line {line}: {}", error.message()))
    })?;
    Ok(document.client)
}

impl Entry {
    fn load(
        &self,
        file: &SettingFile,
        builder: &Builder,
        resolver: &Resolver,
    ) -> Result<SecuredClient, FileError> {
        let hosts = &self.hosts;
        let fault = |fault: &str| {
            file.fault(format!("cannot be used: the clients `{hosts}` cannot be called: {fault}"))
        };
        let patterns: HostPatterns = hosts.parse().map_err(|error: String| fault(&error))?;
        if self.certificate_file.is_some() != self.key_file.is_some() {
            return Err(fault("certificate_file and key_file must both be set; one is missing"));
        }
        let credentials = match (&self.token_file, &self.token_endpoint) {
            (None, None) => Credentials::None,
            (Some(token), None) => Credentials::File(TokenFile::load(token.as_path())?),
            (None, Some(endpoint)) => {
                endpoint.check().map_err(|error| fault(&error))?;
                Credentials::Endpoint(Box::new(TokenEndpoint::load(endpoint.clone(), resolver)?))
            }
            (Some(_), Some(_)) => return Err(fault("token_file and token_endpoint exclude each other")),
        };
        Ok(SecuredClient { hosts: patterns, http: self.http(Arc::clone(builder))?, credentials })
    }

    /// Returns an HTTP client with the authorities and our certificate, which is made anew when their files change.
    fn http(&self, builder: Builder) -> Result<Reloaded<reqwest::Client>, FileError> {
        let own = self.certificate_file.as_deref().zip(self.key_file.as_deref()).map(|(c, k)| [c, k]);
        let files = self.ca_file.as_deref().into_iter().chain(own.into_iter().flatten());
        let files: Vec<_> = files.map(SettingFile::from).collect();
        let (named, has_authorities) = (files.clone(), self.ca_file.is_some());
        Reloaded::load(files, move |contents| {
            let (authorities, own) = contents.split_at(usize::from(has_authorities));
            let mut client = builder().https_only(true);
            if let [pem] = authorities {
                client = client.tls_certs_only(certificates(&named[0], pem)?);
            }
            if let [certificate, key] = own {
                let identity = Identity::from_pem(&[certificate, &b"\n"[..], key].concat());
                client = client.identity(identity.map_err(|_holds_the_key| {
                    let files = &named[named.len() - 2..];
                    files[0].fault(format!("and {} are not a certificate and its key (PEM)", files[1]))
                })?);
            }
            client.build().map_err(|error| match named.first() {
                Some(file) => file.fault_because("cannot be used for TLS", error),
                None => SettingFile::from(Path::new("of the system's authorities"))
                    .fault_because("cannot be used for TLS", error),
            })
        })
    }
}

impl SecuredClient {
    pub(crate) fn http(&self) -> reqwest::Client {
        reqwest::Client::clone(&self.http.current())
    }

    /// Returns the `Authorization` header for a call of this URL, if the clients need one.
    pub(crate) async fn authorization(
        &self,
        url: &Url,
        within: Duration,
    ) -> Result<Option<HeaderValue>, ClientError> {
        match &self.credentials {
            Credentials::None => Ok(None),
            Credentials::File(token) => Ok(Some(token.bearer())),
            Credentials::Endpoint(endpoint) => endpoint
                .bearer(within)
                .await
                .map(Some)
                .map_err(|source| ClientError::NoToken { url: url.to_string(), source: Box::new(source) }),
        }
    }

    /// Notes that a client has refused the token.
    pub(crate) async fn refused(&self) {
        if let Credentials::Endpoint(endpoint) = &self.credentials {
            endpoint.forget().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<SecuredClients, String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        let builder: Builder = Arc::new(|| reqwest::Client::builder().tls_certs_only([]));
        SecuredClients::load(Some(file.path().into()), builder, Resolver::default())
            .map_err(|error| workflow_api::chain(&error))
    }

    #[test]
    fn the_first_entry_that_fits_counts() {
        let clients = load("[[client]]\nhosts = \"*.edge:9443\"\n[[client]]\nhosts = \"*\"\n").unwrap();
        let is_first = |host: &str, port| {
            let of = clients.of(&HostPort::new(host, port)).unwrap();
            !of.hosts.allow(&HostPort::new("elsewhere", 1))
        };
        assert_eq!((is_first("a.edge", 9443), is_first("a.edge", 9090)), (true, false));
    }

    #[test]
    fn faults_are_reported_without_the_content_of_files() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&secret, "hunter2 hunter3").unwrap();
        let path = secret.path().display();
        let endpoint = |url: &str, more: &str| {
            format!(
                "hosts = \"*\"\n{more}\n[client.token_endpoint]\nurl = \"{url}\"\nclient_id = \"b\"\n\
                 client_secret_file = \"{path}\""
            )
        };
        for (entry, part) in [
            ("hosts = 1".to_owned(), "is not valid in line 2"),
            ("host = \"*\"".to_owned(), "unknown field"),
            ("hosts = \"a b\"".to_owned(), "`a b` cannot be called"),
            ("hosts = \"*\"\nca_file = \"/nowhere\"".to_owned(), "/nowhere cannot be read"),
            (format!("hosts = \"*\"\nca_file = \"{path}\""), "has no certificates"),
            (format!("hosts = \"*\"\ntoken_file = \"{path}\""), "holds no token"),
            (format!("hosts = \"*\"\nkey_file = \"{path}\""), "one is missing"),
            (
                format!("hosts = \"*\"\nkey_file = \"{path}\"\ncertificate_file = \"{path}\""),
                "are not a certificate and its key",
            ),
            (endpoint("https://login", "token_file = \"/nowhere\""), "exclude each other"),
            (endpoint("http://login.example", ""), "is without TLS"),
            (endpoint("login", ""), "is not a URL"),
            (endpoint("https://a:b@login", ""), "must not contain"),
        ] {
            let error = load(&format!("[[client]]\n{entry}\n")).unwrap_err();
            assert!(error.contains(part) && !error.contains("hunter"), "{entry}: {error}");
        }
    }
}
