//! The tokens of callers (RFC 6750), kept in a file that may change while the process runs.

use std::collections::HashSet;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::identity::{Identity, Proof};
use crate::files::{FileError, Reloaded, SettingFile};

/// The bearer tokens of a file: one on each line, with the name of its owner before it if it has one (`NAME TOKEN`).
/// Blank lines and lines that begin with `#` do not count. A changed file is read again within a second. If it cannot
/// be used, this is logged as an error, and the previous tokens stay.
#[derive(Debug, Clone)]
pub struct BearerTokens(Arc<Reloaded<Vec<Token>>>);

struct Token {
    /// Empty for a token without a name.
    owner: String,
    /// Digests have one length, so that each comparison takes the same time.
    digest: [u8; 32],
}

impl BearerTokens {
    /// Reads the tokens of a file.
    ///
    /// # Errors
    /// When it cannot be read, holds no token, holds a token or a name twice, or a line is neither a token nor a name
    /// and a token.
    pub fn load(file: impl Into<SettingFile>) -> Result<Self, FileError> {
        let file = file.into();
        let tokens = Reloaded::load(vec![file.clone()], move |contents| tokens(&file, &contents.concat()))?;
        Ok(Self(Arc::new(tokens)))
    }

    /// Returns the owner of a token, if it is known.
    pub(super) fn owner(&self, token: &[u8]) -> Option<Identity> {
        let asked = digest(token);
        let tokens = self.0.current();
        // All are compared, so that the time does not depend on the place of the token.
        let found = tokens
            .iter()
            .fold(None, |found, known| if known.digest.ct_eq(&asked).into() { Some(known) } else { found });
        found.map(|token| Identity::new(&token.owner, Proof::Token))
    }
}

fn digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn tokens(file: &SettingFile, content: &[u8]) -> Result<Vec<Token>, FileError> {
    let (mut owners, mut digests) = (HashSet::new(), HashSet::new());
    let mut tokens = Vec::new();
    for (line, number) in content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).zip(1..) {
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        // Errors do not show the line, nor a part of it: a name may be a token in the wrong place.
        let token = token(line).ok_or_else(|| {
            file.fault(format!("has no token (visible ASCII), and no name and token, in line {number}"))
        })?;
        if !digests.insert(token.digest) {
            return Err(file.fault(format!("holds the token in line {number} twice")));
        }
        if !token.owner.is_empty() && !owners.insert(token.owner.clone()) {
            return Err(file.fault(format!("holds the name in line {number} twice")));
        }
        tokens.push(token);
    }
    if tokens.is_empty() { Err(file.fault("holds no token; write one on each line")) } else { Ok(tokens) }
}

fn token(line: &[u8]) -> Option<Token> {
    let words: Vec<_> = std::str::from_utf8(line).ok()?.split_whitespace().collect();
    let (owner, token) = match words[..] {
        [token] => ("", token),
        [owner, token] => (owner, token),
        _ => return None,
    };
    let sound = token.chars().all(|c| c.is_ascii_graphic()) && !owner.contains(char::is_control);
    sound.then(|| Token { owner: owner.to_owned(), digest: digest(token.as_bytes()) })
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

    fn load(content: &str) -> Result<BearerTokens, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        BearerTokens::load(SettingFile::of("BEARER_TOKENS", file.path())).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_has_the_name_before_it_or_none() {
        let tokens = load("# the bridge\none\n\n  alice\t two  \r\nZoë three").unwrap();
        for (token, owner) in [("one", ""), ("two", "alice"), ("three", "Zoë")] {
            assert_eq!(tokens.owner(token.as_bytes()), Some(Identity::new(owner, Proof::Token)), "{token}");
        }
        for token in ["", "on", "one2", "alice", "alice two", "# the bridge"] {
            assert_eq!(tokens.owner(token.as_bytes()), None, "{token}");
        }
    }

    #[test]
    fn a_file_without_sound_tokens_is_refused_and_not_shown() {
        for (content, words) in [
            ("", "holds no token; write one on each line"),
            ("# one\n\n", "holds no token; write one on each line"),
            ("one\ntwo secret three", "has no token (visible ASCII), and no name and token, in line 2"),
            ("alice s\u{e9}cret", "in line 1"),
            ("a\u{7f}b secret", "in line 1"),
            ("secret\n#\nsecret", "holds the token in line 3 twice"),
            ("alice secret\nbob secret", "holds the token in line 2 twice"),
            ("secret one\nsecret two", "holds the name in line 2 twice"),
        ] {
            let error = load(content).unwrap_err();
            assert!(error.contains(words) && error.contains("(BEARER_TOKENS)"), "{error}");
            assert!(!error.contains("cret"), "{error}");
        }
    }
}
