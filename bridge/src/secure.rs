//! Authentication and TLS of the listener.

use std::path::PathBuf;

use http::HeaderName;
use service::auth::{Authenticator, BearerTokens, Issuers, Networks, TrustedProxies};
use service::files::{FileError, SettingFile};
use service::http::{CallerFiles, ClientAuth, Tls, TlsFiles};
use service::settings::Exposure;

const BEARER_TOKENS: &str = "BRIDGE_BEARER_TOKENS";
const ISSUERS: &str = "BRIDGE_ISSUERS";
const INSECURE: &str = "BRIDGE_INSECURE";
const TLS_CERTIFICATE: &str = "BRIDGE_TLS_CERTIFICATE";
const TLS_KEY: &str = "BRIDGE_TLS_KEY";
const TLS_CLIENT_CA: &str = "BRIDGE_TLS_CLIENT_CA";
const TLS_CLIENT_CRL: &str = "BRIDGE_TLS_CLIENT_CRL";

/// Authentication and TLS of the listener. By default, everybody on this machine may connect, over plain HTTP:
/// emcoctl and EMCO's own services support nothing else. Files are read again when they change.
#[derive(Debug, Clone, clap::Args)]
pub struct Secure {
    /// Accept everybody, from any machine, if no identities are set. Without it, the bridge then listens only
    /// on addresses of this machine.
    #[arg(long, env = INSECURE)]
    pub insecure: bool,
    /// File with the bearer tokens of named callers: lines `name:sha256`, which `bridge token new` writes.
    #[arg(long, env = BEARER_TOKENS, value_name = "FILE")]
    pub bearer_tokens: Option<PathBuf>,
    /// TOML file of the issuers whose tokens (JWT) are accepted: OpenID Connect providers, and Kubernetes for
    /// its service accounts.
    #[arg(long, env = ISSUERS, value_name = "FILE")]
    pub issuers: Option<PathBuf>,
    /// Networks and addresses, separated by commas, from which callers without any credentials are accepted
    /// although identities are set.
    #[arg(long, env = "BRIDGE_ANONYMOUS_NETWORKS", default_value = "", value_name = "NETWORKS")]
    pub anonymous_networks: Networks,
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
    /// File with the revocation lists (CRL, PEM) of these authorities. A certificate of an authority without a
    /// list is then refused.
    #[arg(long, env = TLS_CLIENT_CRL, value_name = "FILE", requires = "tls_client_ca")]
    pub tls_client_crl: Option<PathBuf>,
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
        match (self.has_identities(), self.anonymous_networks.is_empty()) {
            (false, _) => None,
            (true, true) => Some("\"authenticated\""),
            (true, false) => Some("\"authenticated\", \"anonymous\""),
        }
    }

    /// Returns whether anything is configured by which callers prove who they are.
    fn has_identities(&self) -> bool {
        self.bearer_tokens.is_some()
            || self.issuers.is_some()
            || self.tls_client_ca.is_some()
            || !self.trusted_proxies.is_empty()
    }

    pub(crate) fn load(&self) -> Result<(Option<Tls>, Authenticator), FileError> {
        let tls = match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::load(TlsFiles {
                certificate: SettingFile::of(TLS_CERTIFICATE, certificate),
                key: SettingFile::of(TLS_KEY, key),
                callers: self.tls_client_ca.as_ref().map(|authorities| CallerFiles {
                    authorities: SettingFile::of(TLS_CLIENT_CA, authorities),
                    revoked: self.tls_client_crl.as_ref().map(|file| SettingFile::of(TLS_CLIENT_CRL, file)),
                    auth: self.tls_client_auth,
                }),
            })?),
            _ => None,
        };
        let tokens = self.bearer_tokens.as_ref().map(|file| SettingFile::of(BEARER_TOKENS, file));
        let issuers = self.issuers.as_ref().map(|file| SettingFile::of(ISSUERS, file));
        let authenticator = Authenticator {
            tokens: tokens.map(BearerTokens::load).transpose()?,
            issuers: issuers.map(Issuers::load).transpose()?,
            certificate: tls.as_ref().is_some_and(Tls::certificate_is_optional),
            proxies: self.trusted_proxies.clone(),
            user_header: Some(self.user_header.clone()),
            anonymous: self.anonymous_networks.clone(),
            sessions: None,
        };
        Ok((tls, authenticator))
    }

    /// Returns what decides whether the bridge may listen on an address that other machines can reach.
    pub(crate) fn exposure(&self) -> Exposure {
        const IDENTITIES: &str =
            "BRIDGE_BEARER_TOKENS, BRIDGE_ISSUERS, BRIDGE_TLS_CLIENT_CA or BRIDGE_TRUSTED_PROXIES";
        Exposure {
            has_identities: self.has_identities(),
            insecure: self.insecure,
            settings: ["BRIDGE_LISTEN", IDENTITIES, INSECURE],
        }
    }
}
