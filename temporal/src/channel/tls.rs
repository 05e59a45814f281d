//! TLS towards a server: whom we trust, and who we are.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::dial::{ALPN, DialError};
use crate::target::Tls;

/// What rustls needs for that. Without authorities of its own the system's are trusted, which takes reading them all.
pub(super) fn config(tls: &Tls) -> Result<ClientConfig, DialError> {
    let unusable = |what| move |error| DialError::settings(what, error);
    let mut trusted = RootCertStore::empty();
    match &tls.authorities {
        Some(pem) => {
            for authority in certificates("the server's authorities", pem)? {
                trusted.add(authority).map_err(unusable("the server's authorities"))?;
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            // Some of a system's may be of a kind that nobody takes any more.
            let (usable, _) = trusted.add_parsable_certificates(found.certs);
            if usable == 0 {
                let error = found.errors.into_iter().next();
                let error = error.map_or_else(|| "there are none".into(), Box::from);
                return Err(DialError::Settings { what: "the authorities of this system", source: error });
            }
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable("TLS"))?
        .with_root_certificates(trusted);
    let mut config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let key = PrivateKeyDer::from_pem_slice(key)
                .map_err(|error| DialError::settings("the key of our certificate", error))?;
            builder
                .with_client_auth_cert(certificates("our certificate", certificate)?, key)
                .map_err(unusable("our certificate"))?
        }
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}

fn certificates(what: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, DialError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| DialError::settings(what, error))?;
    if certificates.is_empty() {
        return Err(DialError::Settings { what, source: "there is no certificate in PEM".into() });
    }
    Ok(certificates)
}
