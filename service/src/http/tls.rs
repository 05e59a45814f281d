//! TLS of a listener, by rustls, with certificates that are read again when they change.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
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
    /// The authorities that sign the certificates of callers (mTLS), and whether each caller must show one.
    pub callers: Option<(SettingFile, ClientAuth)>,
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
/// Connections that are open go on as they began.
#[derive(Debug, Clone)]
pub struct Tls {
    config: Arc<Reloaded<ServerConfig>>,
    auth: Option<ClientAuth>,
}

impl Tls {
    /// Loads TLS from these files.
    ///
    /// # Errors
    /// When a file cannot be used: names the file, its setting and what is wrong with it.
    pub fn load(files: TlsFiles) -> Result<Self, FileError> {
        let auth = files.callers.as_ref().map(|(_, auth)| *auth);
        let mut all = vec![files.certificate.clone(), files.key.clone()];
        all.extend(files.callers.iter().map(|(file, _)| file.clone()));
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

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.current())
    }
}

/// Returns when the first certificate is valid, if that can be read.
fn validity(contents: &[Vec<u8>]) -> Option<Validity> {
    let certificate = CertificateDer::from_pem_slice(contents.first()?).ok()?;
    let (_, certificate) = X509Certificate::from_der(&certificate).ok()?;
    Some(certificate.validity().clone())
}

fn config(files: &TlsFiles, contents: &[Vec<u8>]) -> Result<ServerConfig, FileError> {
    let [chain, key, authorities @ ..] = contents else { return Err(files.key.fault("was not read")) };
    let provider = Arc::new(ring::default_provider());
    let chain = certificates(&files.certificate, chain)?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| files.key.fault_because("holds no private key in PEM", error))?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| files.certificate.fault_because("cannot be used", error))?;
    let builder = match (&files.callers, authorities.first()) {
        (Some((file, auth)), Some(pem)) => {
            builder.with_client_cert_verifier(verifier(file, pem, *auth, provider)?)
        }
        _ => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            files.key.fault(format!("is not the key of the certificate in {}", files.certificate))
        }
        error => files.key.fault_because(&format!("cannot be used with {}", files.certificate), error),
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(file: &SettingFile, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| file.fault_because("is not valid PEM", error))?;
    if certificates.is_empty() { Err(file.fault("holds no certificate in PEM")) } else { Ok(certificates) }
}

fn verifier(
    file: &SettingFile,
    pem: &[u8],
    auth: ClientAuth,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, FileError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(file, pem)? {
        roots
            .add(authority)
            .map_err(|error| file.fault_because("holds a certificate that cannot be used", error))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match auth {
        ClientAuth::Required => builder,
        ClientAuth::Optional => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|error| file.fault_because("cannot be used", error))
}
