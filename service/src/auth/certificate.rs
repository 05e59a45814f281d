//! The name in a caller's certificate.

use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::identity::{Identity, Proof};

/// The caller's certificate was verified: an extension of each request on its connection.
#[derive(Debug, Clone)]
pub(crate) struct Certified(pub(super) Identity);

impl Certified {
    /// The caller that has shown this certificate, which TLS has verified.
    pub(crate) fn new(certificate: &CertificateDer<'_>) -> Self {
        Self(Identity::new(subject(certificate).unwrap_or_default(), Proof::Certificate))
    }
}

/// The SPIFFE ID, else the first DNS name, else the common name.
fn subject(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let names = certificate.subject_alternative_name().ok()?;
    let names = names.map(|names| names.value.general_names.as_slice()).unwrap_or_default();
    let spiffe = names.iter().find_map(|name| match name {
        GeneralName::URI(uri) if uri.starts_with("spiffe://") => Some(*uri),
        _ => None,
    });
    let dns =
        || names.iter().find_map(|name| if let GeneralName::DNSName(dns) = name { Some(*dns) } else { None });
    let common = || certificate.subject().iter_common_name().find_map(|name| name.as_str().ok());
    // An authority that signs common names need not look for SPIFFE IDs in them.
    let common = || common().filter(|name| !name.contains("://"));
    spiffe.or_else(dns).or_else(common).map(str::to_owned)
}
