//! Reads authorities to trust.

use reqwest::Certificate;
use service::files::{FileError, SettingFile};

/// Returns the certificates of a file (PEM): one at least.
pub(crate) fn certificates(file: &SettingFile, pem: &[u8]) -> Result<Vec<Certificate>, FileError> {
    let found = Certificate::from_pem_bundle(pem).ok().filter(|found| !found.is_empty());
    found.ok_or_else(|| file.fault("has no certificates (PEM)"))
}
