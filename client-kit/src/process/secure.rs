//! Settings: who may call, and TLS.

use std::path::PathBuf;

use service::auth::{BearerTokens, Issuers, Networks, Subjects};
use service::files::{FileError, SettingFile};
use service::http::{CallerFiles, ClientAuth, Tls, TlsFiles};
use service::settings::Exposure;

use crate::Callers;

const BEARER_TOKENS: &str = "CLIENT_BEARER_TOKENS";
const ISSUERS: &str = "CLIENT_ISSUERS";
const INSECURE: &str = "CLIENT_INSECURE";
const TLS_CERTIFICATE: &str = "CLIENT_TLS_CERTIFICATE";
const TLS_KEY: &str = "CLIENT_TLS_KEY";
const TLS_CLIENT_CA: &str = "CLIENT_TLS_CLIENT_CA";
const TLS_CLIENT_CRL: &str = "CLIENT_TLS_CLIENT_CRL";

/// Who may call. Without these settings, everybody on this machine.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Callers")]
pub(crate) struct CallerSettings {
    /// Accept everybody, from any machine, if no identities are set. Without it, the process then listens only on
    /// addresses of this machine.
    #[arg(long, env = INSECURE)]
    insecure: bool,
    /// File of the bearer tokens of named callers: lines `name:sha256`, which `bridge token new` writes. Like the
    /// other files, it is read again when it changes.
    #[arg(long, env = BEARER_TOKENS, value_name = "FILE")]
    bearer_tokens: Option<PathBuf>,
    /// TOML file of the issuers whose tokens (JWT) are accepted.
    #[arg(long, env = ISSUERS, value_name = "FILE")]
    issuers: Option<PathBuf>,
    /// Networks and addresses, separated by commas, from which callers without any credentials are accepted although
    /// identities are set.
    #[arg(long, env = "CLIENT_ANONYMOUS_NETWORKS", default_value = "", value_name = "NETWORKS")]
    anonymous_networks: Networks,
    /// Who may call, separated by commas, as rights.toml lists subjects: `{ token = "bridge" }`. Others get 403. By
    /// default everybody who is accepted may call.
    #[arg(long, env = "CLIENT_CALLERS", default_value = "", value_name = "SUBJECTS")]
    callers: Subjects,
    /// The callers that are bridges, in the same form: they are believed on whose behalf they start workflows. By
    /// default nobody is.
    #[arg(
        long,
        env = "CLIENT_TRUSTED_BRIDGES",
        default_value = "",
        value_name = "SUBJECTS",
        value_parser = who_prove_themselves
    )]
    trusted_bridges: Subjects,
}

fn who_prove_themselves(text: &str) -> Result<Subjects, String> {
    let subjects: Subjects = text.parse()?;
    if subjects.has_anonymous() {
        return Err("anonymous callers cannot be trusted: anybody can be one".to_owned());
    }
    Ok(subjects)
}

impl CallerSettings {
    pub(crate) fn load(&self) -> Result<Callers, FileError> {
        let tokens = self.bearer_tokens.as_ref().map(|file| SettingFile::of(BEARER_TOKENS, file));
        let issuers = self.issuers.as_ref().map(|file| SettingFile::of(ISSUERS, file));
        Ok(Callers {
            bearer_tokens: tokens.map(BearerTokens::load).transpose()?,
            issuers: issuers.map(Issuers::load).transpose()?,
            anonymous: self.anonymous_networks.clone(),
            callers: self.callers.clone(),
            trusted_bridges: self.trusted_bridges.clone(),
        })
    }

    /// Returns what decides whether the process may listen on an address that other machines can reach.
    pub(crate) fn exposure(&self, tls: &TlsSettings) -> Exposure {
        const IDENTITIES: &str = "CLIENT_BEARER_TOKENS, CLIENT_ISSUERS or CLIENT_TLS_CLIENT_CA";
        Exposure {
            has_identities: self.bearer_tokens.is_some()
                || self.issuers.is_some()
                || tls.tls_client_ca.is_some(),
            insecure: self.insecure,
            settings: ["CLIENT_LISTEN", IDENTITIES, INSECURE],
        }
    }
}

/// TLS of the listener. Without these settings it serves plain HTTP.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsSettings {
    /// File of the certificate and its chain (PEM). Like the other files, it is read again when it changes.
    #[arg(long, env = TLS_CERTIFICATE, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// File of the private key (PEM).
    #[arg(long, env = TLS_KEY, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// File of the CA certificates (PEM) for client certificates. If set, callers need a client certificate.
    #[arg(long, env = TLS_CLIENT_CA, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// File of the revocation lists (CRL, PEM) of these authorities. A certificate of an authority without a list is
    /// then refused.
    #[arg(long, env = TLS_CLIENT_CRL, value_name = "FILE", requires = "tls_client_ca")]
    tls_client_crl: Option<PathBuf>,
    /// Whether callers need a client certificate. `optional`: a caller without one may request /healthz, /readyz and
    /// /metrics, and needs a bearer token for a start.
    #[arg(long, env = "CLIENT_TLS_CLIENT_AUTH", default_value = "required", value_name = "WHETHER")]
    tls_client_auth: ClientAuth,
}

impl TlsSettings {
    pub(crate) fn load(&self) -> Result<Option<Tls>, FileError> {
        let (Some(certificate), Some(key)) = (&self.tls_certificate, &self.tls_key) else { return Ok(None) };
        Tls::load(TlsFiles {
            certificate: SettingFile::of(TLS_CERTIFICATE, certificate),
            key: SettingFile::of(TLS_KEY, key),
            callers: self.tls_client_ca.as_ref().map(|authorities| CallerFiles {
                authorities: SettingFile::of(TLS_CLIENT_CA, authorities),
                revoked: self.tls_client_crl.as_ref().map(|file| SettingFile::of(TLS_CLIENT_CRL, file)),
                auth: self.tls_client_auth,
            }),
        })
        .map(Some)
    }
}
