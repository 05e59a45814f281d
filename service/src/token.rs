//! A bearer token of ours, kept in a file that may change while the process runs.

use std::sync::Arc;

use http::HeaderValue;

use crate::files::{FileError, Reloaded, SettingFile};

/// The token that a file holds, as the value of an `Authorization` header. Read again when the file changes; never printed.
#[derive(Debug, Clone)]
pub struct TokenFile(Arc<Reloaded<HeaderValue>>);

impl TokenFile {
    /// The token in this file; space around it is none of it.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no token.
    pub fn load(file: impl Into<SettingFile>) -> Result<Self, FileError> {
        let file = file.into();
        let bearer = Reloaded::load(vec![file.clone()], move |contents| bearer(&file, &contents.concat()))?;
        Ok(Self(Arc::new(bearer)))
    }

    /// `Bearer` and the token, as it is now.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn load(content: &str) -> Result<TokenFile, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, content).unwrap();
        TokenFile::load(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn space_around_a_token_is_none_of_it() {
        assert_eq!(load(" hunter2\r\n").unwrap().bearer(), "Bearer hunter2");
    }

    #[test]
    fn what_is_no_token_is_refused_without_being_told() {
        for content in ["", "\n", "hunter2 3", "hunter2\nhunter3", "hünter"] {
            let error = load(content).unwrap_err();
            assert!(error.contains("holds no token") && !error.contains("hunter"), "{error}");
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        assert!(!format!("{:?}", load("hunter2").unwrap()).contains("hunter2"));
    }
}
