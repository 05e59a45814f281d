//! The workflow clients that are called over TLS or with a token: the file of BRIDGE_CLIENTS.
//!
//! ```toml
//! [[client]]
//! hosts = "*.edge.svc:9443"                 # as in BRIDGE_CLIENT_HOSTS; the first match is used
//! ca_file = "/etc/edge/ca.pem"              # authorities to trust instead of the system's
//! certificate_file = "/etc/edge/tls.crt"    # our certificate and its key, if the clients require one
//! key_file = "/etc/edge/tls.key"
//! token_file = "/run/secrets/edge-token"    # sent with every call; read again when it changes
//! ```

use std::path::{Path, PathBuf};
use std::str::FromStr;

use reqwest::{Certificate, ClientBuilder, Identity};
use serde::Deserialize;
use service::hosts::{HostPatterns, HostPort};
use service::token::TokenFile;

/// Workflow clients that are called over TLS. The setting is the path of their file.
#[derive(Debug, Clone, Default)]
pub struct SecuredClients(pub(crate) Vec<SecuredClient>);

/// The settings for some workflow clients.
#[derive(Debug, Clone)]
pub(crate) struct SecuredClient {
    hosts: HostPatterns,
    authorities: Option<Vec<Certificate>>,
    identity: Option<Identity>,
    pub(crate) token: Option<TokenFile>,
}

/// Why the file cannot be used. The text never quotes the content of a file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SecuredClientsError(String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    client: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    hosts: String,
    ca_file: Option<PathBuf>,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
}

impl FromStr for SecuredClients {
    type Err = SecuredClientsError;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let text = read(Path::new(path))?;
        let document: Document = toml::from_str(&String::from_utf8_lossy(&text)).map_err(|error| {
            let before = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text[..before].iter().filter(|byte| **byte == b'\n').count() + 1;
            SecuredClientsError(format!("line {line} of the file is not valid: {}", error.message()))
        })?;
        document.client.into_iter().map(Entry::load).collect::<Result<_, _>>().map(Self)
    }
}

impl Entry {
    fn load(self) -> Result<SecuredClient, SecuredClientsError> {
        let hosts = self.hosts;
        let of =
            |error: String| SecuredClientsError(format!("the clients `{hosts}` cannot be called: {error}"));
        let patterns: HostPatterns = hosts.parse().map_err(of)?;
        let authorities = match &self.ca_file {
            Some(path) => {
                let found = Certificate::from_pem_bundle(&read(path)?).ok().filter(|found| !found.is_empty());
                Some(found.ok_or_else(|| of("ca_file has no certificates (PEM)".to_owned()))?)
            }
            None => None,
        };
        let identity = match (&self.certificate_file, &self.key_file) {
            (Some(certificate), Some(key)) => {
                let pem = [read(certificate)?, b"\n".to_vec(), read(key)?].concat();
                let identity = Identity::from_pem(&pem);
                Some(identity.map_err(|_holds_the_key| {
                    of("certificate_file and key_file do not belong together".to_owned())
                })?)
            }
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                return Err(of("certificate_file and key_file must both be set; one is missing".to_owned()));
            }
        };
        let token = self.token_file.as_deref().map(TokenFile::load).transpose();
        let token = token.map_err(|error| of(workflow_api::chain(&error)))?;
        Ok(SecuredClient { hosts: patterns, authorities, identity, token })
    }
}

impl SecuredClient {
    pub(crate) fn is_for(&self, host: &HostPort) -> bool {
        self.hosts.allow(host)
    }

    /// Adds authorities and our certificate to an HTTP client.
    pub(crate) fn equip(&self, mut client: ClientBuilder) -> ClientBuilder {
        if let Some(authorities) = &self.authorities {
            client = client.tls_certs_only(authorities.iter().cloned());
        }
        if let Some(identity) = &self.identity {
            client = client.identity(identity.clone());
        }
        client
    }
}

fn read(path: &Path) -> Result<Vec<u8>, SecuredClientsError> {
    std::fs::read(path).map_err(|error| {
        SecuredClientsError(format!("the file `{}` cannot be read: {error}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<SecuredClients, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        file.path().to_str().unwrap().parse().map_err(|error: SecuredClientsError| error.to_string())
    }

    #[test]
    fn the_first_entry_that_fits_counts() {
        let clients = load("[[client]]\nhosts = \"*.edge:9443\"\n[[client]]\nhosts = \"*\"\n").unwrap();
        let is_for =
            |host: &str, port| clients.0.iter().position(|client| client.is_for(&HostPort::new(host, port)));
        assert_eq!((is_for("a.edge", 9443), is_for("a.edge", 9090)), (Some(0), Some(1)));
    }

    #[test]
    fn faults_are_reported_without_the_content_of_files() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&secret, "hunter2 hunter3").unwrap();
        let path = secret.path().display();
        for (entry, part) in [
            ("hosts = 1".to_owned(), "line 2 of the file is not valid"),
            ("host = \"*\"".to_owned(), "unknown field"),
            ("hosts = \"a b\"".to_owned(), "`a b` cannot be called"),
            ("hosts = \"*\"\nca_file = \"/nowhere\"".to_owned(), "`/nowhere` cannot be read"),
            (format!("hosts = \"*\"\nca_file = \"{path}\""), "ca_file has no certificates"),
            (format!("hosts = \"*\"\ntoken_file = \"{path}\""), "holds no token"),
            (format!("hosts = \"*\"\nkey_file = \"{path}\""), "one is missing"),
            (
                format!("hosts = \"*\"\nkey_file = \"{path}\"\ncertificate_file = \"{path}\""),
                "do not belong together",
            ),
        ] {
            let error = load(&format!("[[client]]\n{entry}\n")).unwrap_err();
            assert!(error.contains(part) && !error.contains("hunter"), "{entry}: {error}");
        }
    }
}
