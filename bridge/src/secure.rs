//! Authentication and TLS of the listener.

use std::path::PathBuf;

use http::HeaderName;
use service::auth::{Authenticator, BearerTokens, TrustedProxies};
use service::files::{FileError, SettingFile};
use service::http::{ClientAuth, Tls, TlsFiles};

const BEARER_TOKENS: &str = "BRIDGE_BEARER_TOKENS";
const TLS_CERTIFICATE: &str = "BRIDGE_TLS_CERTIFICATE";
const TLS_KEY: &str = "BRIDGE_TLS_KEY";
const TLS_CLIENT_CA: &str = "BRIDGE_TLS_CLIENT_CA";

/// Authentication and TLS of the listener. By default, everybody may connect, over plain HTTP: emcoctl and
/// EMCO's own services support nothing else. Files are read again when they change.
#[derive(Debug, Clone, clap::Args)]
pub struct Secure {
    /// File with bearer tokens, one per line. Each caller must send one of them. Without this file, callers
    /// need no token.
    #[arg(long, env = BEARER_TOKENS, value_name = "FILE")]
    pub bearer_tokens: Option<PathBuf>,
    /// File with the certificate and its chain (PEM). The listener then accepts TLS only.
    #[arg(long, env = TLS_CERTIFICATE, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// File with the private key of the certificate (PEM).
    #[arg(long, env = TLS_KEY, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// File with the certificates (PEM) of the authorities that sign callers' certificates. Callers must then
    /// present a certificate.
    #[arg(long, env = TLS_CLIENT_CA, value_name = "FILE", requires = "tls_certificate")]
    pub tls_client_ca: Option<PathBuf>,
    /// What happens to a caller without a certificate. `required`: the connection is refused. `optional`: the
    /// caller needs a bearer token instead, except for /healthz, /readyz and /metrics.
    #[arg(long, env = "BRIDGE_TLS_CLIENT_AUTH", default_value = "required", value_name = "WHETHER")]
    pub tls_client_auth: ClientAuth,
    /// The proxies whose user header is believed, separated by commas: networks (10.42.0.0/16) and addresses,
    /// or the names in their client certificates. By default no header is believed.
    #[arg(long, env = "BRIDGE_TRUSTED_PROXIES", default_value = "", value_name = "PROXIES")]
    pub trusted_proxies: TrustedProxies,
    /// The header in which a trusted proxy names the user; kept with what the user does.
    #[arg(long, env = "BRIDGE_USER_HEADER", default_value = "x-forwarded-user", value_name = "NAME")]
    pub user_header: HeaderName,
}

impl Secure {
    /// Returns whom the listener accepts, as subjects of rights; `None` if it authenticates nobody.
    pub(crate) fn accepted(&self) -> Option<&'static str> {
        if self.bearer_tokens.is_some() || self.tls_client_ca.is_some() {
            Some("\"authenticated\"")
        } else if !self.trusted_proxies.is_empty() {
            // A caller whom the proxy does not name is accepted too.
            Some("\"authenticated\", \"anonymous\"")
        } else {
            None
        }
    }

    pub(crate) fn load(&self) -> Result<(Option<Tls>, Authenticator), FileError> {
        let tls = match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                let authorities = self.tls_client_ca.as_ref();
                Some(Tls::load(TlsFiles {
                    certificate: SettingFile::of(TLS_CERTIFICATE, certificate),
                    key: SettingFile::of(TLS_KEY, key),
                    callers: authorities
                        .map(|file| (SettingFile::of(TLS_CLIENT_CA, file), self.tls_client_auth)),
                })?)
            }
            _ => None,
        };
        let tokens = self.bearer_tokens.as_ref().map(|file| SettingFile::of(BEARER_TOKENS, file));
        let tokens = tokens.map(BearerTokens::load).transpose()?;
        let certificate = tls.as_ref().is_some_and(Tls::certificate_is_optional);
        let (proxies, user_header) = (self.trusted_proxies.clone(), Some(self.user_header.clone()));
        Ok((tls, Authenticator { tokens, certificate, proxies, user_header }))
    }
}
