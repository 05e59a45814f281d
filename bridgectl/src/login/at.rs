//! Where persons log in, and as which client.

use std::path::PathBuf;

use anyhow::Result;

use crate::files;

/// Where persons log in, and as which client.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) resource: Option<String>,
    /// Certificates (PEM) to trust in addition to the system's.
    pub(super) roots: Option<PathBuf>,
}

impl At {
    /// Reads the certificates to trust.
    pub(super) fn read_roots(&self) -> Result<Option<Vec<u8>>> {
        self.roots.as_deref().map(files::read).transpose()
    }
}
