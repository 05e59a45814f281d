//! New bearer tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

/// A token, and the line for the file of [`BearerTokens`](super::BearerTokens).
pub struct NewToken {
    token: String,
    line: String,
}

/// Why a token cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewTokenError {
    /// The name could not stand in the file.
    #[error("a name has no spaces and does not begin with `#`")]
    Name,
    /// A header could not carry the token.
    #[error("a token consists of visible ASCII characters")]
    Token,
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl NewToken {
    /// Returns a random token of 256 bits for the caller `name`.
    ///
    /// # Errors
    /// When the name is empty, has spaces, or begins with `#`.
    pub fn random(name: &str) -> Result<Self, NewTokenError> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).map_err(|_| NewTokenError::Random)?;
        Self::of(name, &URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns the given token, for the caller `name`.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn of(name: &str, token: &str) -> Result<Self, NewTokenError> {
        let is_name = !name.is_empty() && !name.starts_with('#');
        if !is_name || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(NewTokenError::Name);
        }
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NewTokenError::Token);
        }
        let line = format!("{name}:{}", hex::encode(Sha256::digest(token)));
        Ok(Self { token: token.to_owned(), line })
    }

    /// Returns the token, which only its owner may have.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the line for the file: `name:sha256`.
    #[must_use]
    pub fn line(&self) -> String {
        self.line.clone()
    }
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Reads a digest of 64 hex digits.
pub(super) fn digest_of(digits: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(digits, &mut digest).ok()?;
    Some(digest)
}
