//! The TLS provider of HTTP clients.

/// The TLS library wants one provider in a process, also where only plain HTTP is spoken.
pub(crate) fn install_tls_provider() {
    // Whichever came first serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
