//! Who is let in, and over what.

use std::path::PathBuf;

use http::HeaderName;
use service::auth::{Authenticator, BearerTokens, TrustedProxies};
use service::files::{FileError, SettingFile};
use service::http::{ClientAuth, Tls, TlsFiles};

const BEARER_TOKENS: &str = "BRIDGE_BEARER_TOKENS";
const TLS_CERTIFICATE: &str = "BRIDGE_TLS_CERTIFICATE";
const TLS_KEY: &str = "BRIDGE_TLS_KEY";
const TLS_CLIENT_CA: &str = "BRIDGE_TLS_CLIENT_CA";

/// Who is let in, and over what. Everybody over plain HTTP by default: emcoctl and EMCO's own services speak nothing else. Files are
/// read again when they change.
#[derive(Debug, Clone, clap::Args)]
pub struct Secure {
    /// The file with the bearer tokens of which callers must send one, one a line. None: callers need none.
    #[arg(long, env = BEARER_TOKENS, value_name = "FILE")]
    pub bearer_tokens: Option<PathBuf>,
    /// The file with the certificate and those that vouch for it (PEM); then TLS alone is spoken.
    #[arg(long, env = TLS_CERTIFICATE, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// The file with its private key (PEM).
    #[arg(long, env = TLS_KEY, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// The file with the certificates (PEM) that vouch for callers, who then show one of their own.
    #[arg(long, env = TLS_CLIENT_CA, value_name = "FILE", requires = "tls_certificate")]
    pub tls_client_ca: Option<PathBuf>,
    /// Whether a caller without certificate is refused the connection, or needs a bearer token instead and may ask for /healthz,
    /// /readyz and /metrics.
    #[arg(long, env = "BRIDGE_TLS_CLIENT_AUTH", default_value = "required", value_name = "WHETHER")]
    pub tls_client_auth: ClientAuth,
    /// The proxies whose user header is believed, separated by commas: networks (10.42.0.0/16) and addresses, or the names in
    /// their client certificates. By default no header is believed.
    #[arg(long, env = "BRIDGE_TRUSTED_PROXIES", default_value = "", value_name = "PROXIES")]
    pub trusted_proxies: TrustedProxies,
    /// The header in which a trusted proxy names the user; kept with what the user does.
    #[arg(long, env = "BRIDGE_USER_HEADER", default_value = "x-forwarded-user", value_name = "NAME")]
    pub user_header: HeaderName,
}

impl Secure {
    pub(crate) fn load(&self) -> Result<(Option<Tls>, Authenticator), FileError> {
        let tls = match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                let certificate = SettingFile::of(TLS_CERTIFICATE, certificate);
                let files = TlsFiles::new(certificate, SettingFile::of(TLS_KEY, key));
                let files = self.tls_client_ca.iter().fold(files, |files, authorities| {
                    files.with_client_ca(SettingFile::of(TLS_CLIENT_CA, authorities), self.tls_client_auth)
                });
                Some(Tls::load(files)?)
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
