//! Who can reach a process that accepts everybody.

use std::io;

use tokio::net::TcpListener;

/// Why a process does not serve: other machines could reach it, and nobody would have to show who they are.
#[derive(Debug, thiserror::Error)]
pub enum ExposureError {
    /// It would listen on such an address.
    #[error(
        "{address} can be reached from other machines, and no setting names who may call: set {identities}; or listen on \
         127.0.0.1 ({listen}); or accept everybody with {insecure}=true"
    )]
    Open {
        /// The address.
        address: String,
        /// The setting of the address.
        listen: &'static str,
        /// The settings of identities, as a sentence lists them.
        identities: &'static str,
        /// The setting that accepts everybody.
        insecure: &'static str,
    },
    /// Its address cannot be read.
    #[error("the address of the listener cannot be read")]
    Address(#[from] io::Error),
}

/// What decides whether a listener may serve.
#[derive(Debug, Clone, Copy)]
pub struct Exposure {
    /// Whether callers have to show who they are.
    pub has_identities: bool,
    /// Whether everybody is accepted on purpose.
    pub insecure: bool,
    /// The names of the settings: of the address, of identities, and of `insecure`.
    pub settings: [&'static str; 3],
}

impl Exposure {
    /// Checks that a listener which accepts everybody is for this machine alone, or meant to.
    ///
    /// # Errors
    /// When it is neither.
    pub fn check(&self, listener: &TcpListener) -> Result<(), ExposureError> {
        let address = listener.local_addr()?;
        let [listen, identities, insecure] = self.settings;
        if self.has_identities || address.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        if self.insecure {
            tracing::warn!(%address, "EVERYBODY IS ACCEPTED, from any machine, and may do everything: {insecure} is set");
            return Ok(());
        }
        Err(ExposureError::Open { address: address.to_string(), listen, identities, insecure })
    }
}
