//! A token or key that we send, in a file that may change while the process runs.

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
        let bearer =
            Reloaded::load(vec![file.clone()], move |contents| bearer(&file, token(&file, contents)?))?;
        Ok(Self(Arc::new(bearer)))
    }

    /// Returns `Bearer` and the current token.
    #[must_use]
    pub fn bearer(&self) -> HeaderValue {
        HeaderValue::clone(&self.0.current())
    }
}

/// Returns the token in the contents of a file, without the space around it.
///
/// # Errors
/// When there is no token.
pub fn token<'a>(file: &SettingFile, contents: &'a [Vec<u8>]) -> Result<&'a str, FileError> {
    let text = contents.first().and_then(|content| str::from_utf8(content.trim_ascii()).ok());
    let token = text.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()));
    token.ok_or_else(|| file.fault("holds no token: write one line of visible ASCII characters"))
}

fn bearer(file: &SettingFile, token: &str) -> Result<HeaderValue, FileError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|error| file.fault_because("holds no token that a header can carry", error))?;
    value.set_sensitive(true);
    Ok(value)
}
