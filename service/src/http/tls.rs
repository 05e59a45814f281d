//! TLS of a listener, by rustls, with certificates that are read again when they change.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use x509_parser::certificate::{Validity, X509Certificate};
use x509_parser::prelude::FromDer;

use crate::files::{FileError, Reloaded, SettingFile};

/// The files of a listener's TLS, all PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The listener's certificate, then those of the authorities between it and a root.
    pub certificate: SettingFile,
    /// The private key of the certificate.
    pub key: SettingFile,
    /// How the certificates of callers are verified (mTLS). Without this, none is asked for.
    pub callers: Option<CallerFiles>,
}

/// How the certificates of callers are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerFiles {
    /// The authorities that sign them.
    pub authorities: SettingFile,
    /// Lists of revoked certificates (CRL), if there are any: one of each authority in a chain. A certificate whose
    /// authority has none is refused. Lists that are out of date count.
    pub revoked: Option<SettingFile>,
    /// Whether each caller must show one.
    pub auth: ClientAuth,
}

/// Whether callers must show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ClientAuth {
    /// Each caller must. Without one there is no connection.
    #[default]
    Required,
    /// A caller may. A caller without one needs a bearer token instead, except for health and metrics.
    Optional,
}

/// TLS of a listener. Changed files count from the next connection on, at most a second later. Files that cannot be
/// used are logged as an error, and the previous ones stay; so does a valid certificate if the new one has expired.
/// Connections that are open go on, except those of callers whose certificate is no longer accepted: they are closed.
/// No session of TLS is resumed after a change.
#[derive(Debug, Clone)]
pub struct Tls {
    config: Arc<Reloaded<Loaded>>,
    auth: Option<ClientAuth>,
}

/// What the files make together.
struct Loaded {
    /// Each has a store of its own for the sessions that can be resumed.
    server: Arc<ServerConfig>,
    /// Verifies callers, as the server does in handshakes.
    callers: Option<Arc<dyn ClientCertVerifier>>,
}

/// TLS for one connection.
pub(super) struct Handshake(watch::Receiver<Arc<Loaded>>);

impl Handshake {
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0.borrow().server))
    }

    /// Ends when a change of the files has made this chain of certificates one that is not accepted.
    pub(super) async fn refuses(mut self, chain: Vec<CertificateDer<'static>>) {
        while self.0.changed().await.is_ok() {
            let is_accepted = match (&self.0.borrow_and_update().callers, chain.split_first()) {
                (Some(callers), Some((own, others))) => {
                    callers.verify_client_cert(own, others, UnixTime::now()).is_ok()
                }
                _ => true,
            };
            if !is_accepted {
                return;
            }
        }
        std::future::pending().await
    }
}

impl Tls {
    /// Loads TLS from these files.
    ///
    /// # Errors
    /// When a file cannot be used: names the file, its setting and what is wrong with it.
    pub fn load(files: TlsFiles) -> Result<Self, FileError> {
        let auth = files.callers.as_ref().map(|callers| callers.auth);
        let mut all = vec![files.certificate.clone(), files.key.clone()];
        all.extend(files.callers.iter().map(|callers| callers.authorities.clone()));
        all.extend(files.callers.iter().filter_map(|callers| callers.revoked.clone()));
        let mut current: Option<Validity> = None;
        let config = Reloaded::load(all, move |contents| {
            let new = validity(contents);
            if let Some(new) = new.as_ref().filter(|new| !new.is_valid()) {
                let (from, to) = (&new.not_before, &new.not_after);
                let fault = files
                    .certificate
                    .fault(format!("holds a certificate that is valid only from {from} to {to}"));
                if current.as_ref().is_some_and(Validity::is_valid) {
                    return Err(fault);
                }
                tracing::warn!("{fault}; callers will refuse it");
            }
            let config = config(&files, contents)?;
            current = new;
            Ok(config)
        })?;
        Ok(Self { config: Arc::new(config), auth })
    }

    /// Whether callers without a certificate are accepted too.
    pub fn certificate_is_optional(&self) -> bool {
        self.auth == Some(ClientAuth::Optional)
    }

    pub(super) fn handshake(&self) -> Handshake {
        Handshake(self.config.changes())
    }
}

/// Returns when the first certificate is valid, if that can be read.
fn validity(contents: &[Vec<u8>]) -> Option<Validity> {
    let certificate = CertificateDer::from_pem_slice(contents.first()?).ok()?;
    let (_, certificate) = X509Certificate::from_der(&certificate).ok()?;
    Some(certificate.validity().clone())
}

fn config(files: &TlsFiles, contents: &[Vec<u8>]) -> Result<Loaded, FileError> {
    let [chain, key, of_callers @ ..] = contents else { return Err(files.key.fault("was not read")) };
    let provider = Arc::new(ring::default_provider());
    let chain = certificates(&files.certificate, chain)?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| files.key.fault_because("holds no private key in PEM", error))?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| files.certificate.fault_because("cannot be used", error))?;
    let callers = match (&files.callers, of_callers) {
        (Some(callers), [authorities, revoked @ ..]) => {
            Some(verifier(callers, authorities, revoked.first(), provider)?)
        }
        _ => None,
    };
    let builder = match &callers {
        Some(callers) => builder.with_client_cert_verifier(Arc::clone(callers)),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            files.key.fault(format!("is not the key of the certificate in {}", files.certificate))
        }
        error => files.key.fault_because(&format!("cannot be used with {}", files.certificate), error),
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Loaded { server: Arc::new(config), callers })
}

fn certificates(file: &SettingFile, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| file.fault_because("is not valid PEM", error))?;
    if certificates.is_empty() { Err(file.fault("holds no certificate in PEM")) } else { Ok(certificates) }
}

fn verifier(
    files: &CallerFiles,
    authorities: &[u8],
    revoked: Option<&Vec<u8>>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, FileError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(&files.authorities, authorities)? {
        roots.add(authority).map_err(|error| {
            files.authorities.fault_because("holds a certificate that cannot be used", error)
        })?;
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let mut last = &files.authorities;
    if let (Some(file), Some(pem)) = (&files.revoked, revoked) {
        builder = builder.with_crls(lists(file, pem)?);
        last = file;
    }
    let builder = match files.auth {
        ClientAuth::Required => builder,
        ClientAuth::Optional => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|error| last.fault_because("cannot be used", error))
}

fn lists(file: &SettingFile, pem: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, FileError> {
    let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(pem).collect();
    let lists = lists.map_err(|error| file.fault_because("is not valid PEM", error))?;
    if lists.is_empty() { Err(file.fault("holds no revocation list (X509 CRL) in PEM")) } else { Ok(lists) }
}
