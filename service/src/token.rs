//! A bearer token that we send, in a file that may change while the process runs.

use std::sync::Arc;

use http::HeaderValue;

use crate::files::{FileError, Reloaded, SettingFile};

/// The token in a file, as the value of an `Authorization` header. It is read again when the file changes, and is never
/// printed.
#[derive(Debug, Clone)]
pub struct TokenFile(Arc<Reloaded<HeaderValue>>);

impl TokenFile {
    /// Reads the token in this file, without the space around it.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no token.
    pub fn load(file: impl Into<SettingFile>) -> Result<Self, FileError> {
        let file = file.into();
        let bearer = Reloaded::load(vec![file.clone()], move |contents| bearer(&file, &contents.concat()))?;
        Ok(Self(Arc::new(bearer)))
    }

    /// Returns `Bearer` and the current token.
    #[must_use]
    pub fn bearer(&self) -> HeaderValue {
        HeaderValue::clone(&self.0.current())
    }
}

fn bearer(file: &SettingFile, content: &[u8]) -> Result<HeaderValue, FileError> {
    let token = content.trim_ascii();
    if token.is_empty() || !token.iter().all(u8::is_ascii_graphic) {
        return Err(file.fault("holds no token: write one line of visible ASCII characters"));
    }
    let mut value = HeaderValue::from_bytes(&[b"Bearer ", token].concat())
        .map_err(|error| file.fault_because("holds no token that a header can carry", error))?;
    value.set_sensitive(true);
    Ok(value)
}
