//! The name in a caller's certificate.

use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::identity::{Identity, Proof};

/// The caller's certificate was verified: an extension of each request on its connection.
#[derive(Debug, Clone)]
pub(crate) struct Certified(Identity);

impl Certified {
    /// The caller that has shown this certificate, which TLS has verified.
    pub(crate) fn new(certificate: &CertificateDer<'_>) -> Self {
        Self(Identity::new(subject(certificate).unwrap_or_default(), Proof::Certificate))
    }

    pub(super) fn name(&self) -> &str {
        self.0.name()
    }

    pub(super) fn identity(&self) -> Identity {
        self.0.clone()
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
    // An authority that vouches for common names need not look for SPIFFE IDs in them.
    let common = || common().filter(|name| !name.contains("://"));
    spiffe.or_else(dns).or_else(common).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    fn name(uris: &[&str], dns: &[&str], common: Option<&str>) -> String {
        let mut params =
            CertificateParams::new(dns.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        params.subject_alt_names.extend(uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())));
        params.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(common) = common {
            params.distinguished_name.push(DnType::CommonName, common);
        }
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Certified::new(certificate.der()).name().to_owned()
    }

    #[test]
    fn the_spiffe_id_counts_before_the_dns_name_before_the_common_name() {
        let uris = ["https://a.example.org", "spiffe://example.org/a", "spiffe://example.org/b"];
        assert_eq!(name(&uris, &["a.example.org"], Some("a")), "spiffe://example.org/a");
        assert_eq!(name(&uris[..1], &["a.example.org", "b.example.org"], Some("a")), "a.example.org");
        assert_eq!(name(&uris[..1], &[], Some("Zoë Müller")), "Zoë Müller");
        assert_eq!(name(&[], &[], Some("a\nb")), "");
        assert_eq!(name(&[], &[], Some("spiffe://example.org/a")), "");
        assert_eq!(name(&[], &[], None), "");
    }

    #[test]
    fn what_is_no_certificate_has_no_name() {
        assert_eq!(Certified::new(&CertificateDer::from(vec![0x30, 0x80, 0xff])).name(), "");
    }
}
