//! The named tokens of callers (RFC 6750), whose digests are kept in a file that may change while the process runs.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::identity::{Identity, Proof};
use super::new_token::digest_of;
use crate::files::{FileError, Reloaded, SettingFile};

/// How to make a line, for errors.
const MAKE: &str = "make one with `bridge token new NAME 2>>FILE`";

/// The tokens of a file: on each line a name, a colon, and the SHA-256 of the token as 64 hex digits. A name may have
/// several tokens, so that one can be replaced without a gap. Blank lines and lines that begin with `#` do not count.
/// A changed file is read again within a second. If it cannot be used, this is logged as an error, and the previous
/// tokens stay.
#[derive(Debug, Clone)]
pub struct BearerTokens(Arc<Reloaded<Vec<Token>>>);

/// The SHA-256 of a token, by which it can be found again.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Returns the digest of a token.
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest")
    }
}

struct Token {
    owner: String,
    /// Digests have one length, so that each comparison takes the same time.
    digest: [u8; 32],
}

impl BearerTokens {
    /// Reads the tokens of a file.
    ///
    /// # Errors
    /// When it cannot be read, holds no token or one twice, or a line is not a name and a digest.
    pub fn load(file: impl Into<SettingFile>) -> Result<Self, FileError> {
        let file = file.into();
        let tokens = Reloaded::load(vec![file.clone()], move |contents| tokens(&file, &contents.concat()))?;
        Ok(Self(Arc::new(tokens)))
    }

    /// Returns the owner of a token, if it is known.
    pub(super) fn owner(&self, token: &[u8]) -> Option<Identity> {
        self.owner_of(&TokenDigest::of(token))
    }

    /// Returns the owner of the token with this digest, if it is in the file now.
    pub fn owner_of(&self, digest: &TokenDigest) -> Option<Identity> {
        let tokens = self.0.current();
        // All are compared, so that the time does not depend on the place of the token.
        let found =
            tokens.iter().fold(
                None,
                |found, known| if known.digest.ct_eq(&digest.0).into() { Some(known) } else { found },
            );
        found.map(|token| Identity::new(&token.owner, Proof::Token))
    }
}

fn tokens(file: &SettingFile, content: &[u8]) -> Result<Vec<Token>, FileError> {
    let mut digests = HashSet::new();
    let mut tokens = Vec::new();
    for (line, number) in content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).zip(1..) {
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        // Errors do not show the line, nor a part of it: it may be a token in the wrong place.
        let token = token(line).ok_or_else(|| {
            file.fault(format!(
                "has no `name:sha256` in line {number}; plain tokens are not accepted; {MAKE}"
            ))
        })?;
        if !digests.insert(token.digest) {
            return Err(file.fault(format!("holds the token in line {number} twice")));
        }
        tokens.push(token);
    }
    if tokens.is_empty() { Err(file.fault(format!("holds no token; {MAKE}"))) } else { Ok(tokens) }
}

fn token(line: &[u8]) -> Option<Token> {
    // Names may have colons, digests have none.
    let (owner, digest) = std::str::from_utf8(line).ok()?.rsplit_once(':')?;
    let is_name = !owner.is_empty() && !owner.contains(|c: char| c.is_whitespace() || c.is_control());
    Some(Token { owner: is_name.then(|| owner.to_owned())?, digest: digest_of(digest)? })
}

/// Returns the token, if there is one `Authorization` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut headers = headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (headers.next(), headers.next()) else { return None };
    let (scheme, token) = header.as_bytes().split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::NewToken;

    fn line(name: &str, token: &str) -> String {
        NewToken::of(name, token).unwrap().line()
    }

    fn load(content: &str) -> Result<BearerTokens, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        BearerTokens::load(SettingFile::of("BEARER_TOKENS", file.path())).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_has_a_name() {
        let lines = [
            "# the bridge".to_owned(),
            line("alice", "one"),
            String::new(),
            format!("  {}\r", line("alice", "two")),
            line("zoë", "three").to_uppercase(),
            line("system:node:a", "four"),
        ];
        let tokens = load(&lines.join("\n")).unwrap();
        for (token, owner) in
            [("one", "alice"), ("two", "alice"), ("three", "ZOË"), ("four", "system:node:a")]
        {
            assert_eq!(tokens.owner(token.as_bytes()), Some(Identity::new(owner, Proof::Token)), "{token}");
        }
        for token in ["", "on", "one2", "alice", &line("alice", "one"), "# the bridge"] {
            assert_eq!(tokens.owner(token.as_bytes()), None, "{token}");
        }
    }

    #[test]
    fn a_file_without_sound_tokens_is_refused_and_not_shown() {
        let good = line("alice", "token");
        for (content, words) in [
            ("", "holds no token; make one with `bridge token new NAME 2>>FILE`"),
            ("# one\n\n", "holds no token"),
            ("secret", "has no `name:sha256` in line 1; plain tokens are not accepted; make one with"),
            (&format!("{good}\nalice secret"), "in line 2"),
            ("alice:secret", "in line 1"),
            (&good.replace("alice", ""), "in line 1"),
            (&good.replace("alice", "al ice"), "in line 1"),
            (&good.replace("alice", "al\u{7f}ice"), "in line 1"),
            (&good[..good.len() - 1], "in line 1"),
            (&format!("{good}0"), "in line 1"),
            (&format!("{good}\n#\n{}", line("bob", "token")), "holds the token in line 3 twice"),
        ] {
            let error = load(content).unwrap_err();
            assert!(error.contains(words) && error.contains("(BEARER_TOKENS)"), "{error}");
            assert!(!error.contains("cret"), "{error}");
        }
    }
}
