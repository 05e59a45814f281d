//! The keys that encrypt cookies, and what the database keeps of sessions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::files::{FileError, SettingFile};

/// The current key and the former ones. Everything is encrypted and authenticated (ChaCha20-Poly1305, RFC 8439) under a
/// random nonce, which is safe for 2^32 texts of one key.
pub(crate) struct SessionKeys(Vec<LessSafeKey>);

/// What a sealed text is for: it opens for nothing else.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose<'a> {
    /// The cookie of a session.
    Session,
    /// The cookie of a login that is not complete.
    Login,
    /// What the database keeps of the session with this ID.
    Content(&'a str),
}

impl Purpose<'_> {
    fn text(self) -> String {
        match self {
            Self::Session => "bridge session".to_owned(),
            Self::Login => "bridge login".to_owned(),
            Self::Content(id) => format!("bridge session {id}"),
        }
    }
}

impl SessionKeys {
    /// Reads one key or two, one on each line: 32 bytes as Base64. The first one seals. Blank lines and lines that
    /// begin with `#` do not count.
    pub(crate) fn read(file: &SettingFile, content: &[u8]) -> Result<Self, FileError> {
        const MAKE: &str = "make one with `openssl rand -base64 32`";
        let lines = content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).zip(1..);
        let keys = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with(b"#"));
        let keys = keys.map(|(line, number)| {
            // Errors do not show the line.
            key(line).ok_or_else(|| {
                file.fault(format!("has no key of 32 bytes as Base64 in line {number}; {MAKE}"))
            })
        });
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        match keys.len() {
            0 => Err(file.fault(format!("holds no key; {MAKE}"))),
            1 | 2 => Ok(Self(keys)),
            _ => Err(file.fault("holds more than two keys; only the current and the former one are used")),
        }
    }

    /// Encrypts something. Returns `None` if the system has no random numbers.
    pub(crate) fn seal(&self, purpose: Purpose<'_>, content: &impl Serialize) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut text = serde_json::to_vec(content).ok()?;
        let aad = Aad::from(purpose.text());
        self.0.first()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut text).ok()?;
        Some([&nonce[..], &text].concat())
    }

    /// Decrypts what one of the keys has sealed for this purpose. Returns `None` for anything else.
    pub(crate) fn open<T: DeserializeOwned>(&self, purpose: Purpose<'_>, sealed: &[u8]) -> Option<T> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
        self.0.iter().find_map(|key| {
            let mut text = text.to_vec();
            let nonce = Nonce::assume_unique_for_key(*nonce);
            let opened = key.open_in_place(nonce, Aad::from(purpose.text()), &mut text).ok()?;
            serde_json::from_slice(opened).ok()
        })
    }
}

fn key(line: &[u8]) -> Option<LessSafeKey> {
    let bytes = STANDARD.decode(line).ok()?;
    UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok().map(LessSafeKey::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(byte: u8) -> String {
        STANDARD.encode([byte; 32])
    }

    fn read(content: &str) -> Result<SessionKeys, String> {
        let file = SettingFile::of("SESSION_KEYS", "/keys");
        SessionKeys::read(&file, content.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_the_former_key_has_sealed_opens_until_that_key_is_removed() {
        let sealed = read(&line(1)).unwrap().seal(Purpose::Session, &"x").unwrap();
        for (keys, opens) in
            [(line(1), true), (format!("# new\n{}\n\n {}\r\n", line(2), line(1)), true), (line(2), false)]
        {
            let opened: Option<String> = read(&keys).unwrap().open(Purpose::Session, &sealed);
            assert_eq!(opened.is_some(), opens, "{keys}");
        }
        let both = read(&format!("{}\n{}", line(2), line(1))).unwrap();
        let sealed = both.seal(Purpose::Session, &"x").unwrap();
        assert!(read(&line(2)).unwrap().open::<String>(Purpose::Session, &sealed).is_some());
        assert!(read(&line(1)).unwrap().open::<String>(Purpose::Session, &sealed).is_none());
    }

    #[test]
    fn a_changed_text_and_one_for_another_purpose_do_not_open() {
        let keys = read(&line(1)).unwrap();
        let sealed = keys.seal(Purpose::Content("a"), &"text").unwrap();
        assert_eq!(keys.open(Purpose::Content("a"), &sealed), Some("text".to_owned()));
        for purpose in [Purpose::Content("b"), Purpose::Session, Purpose::Login] {
            assert_eq!(keys.open::<String>(purpose, &sealed), None, "{purpose:?}");
        }
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(keys.open::<String>(Purpose::Content("a"), &changed), None, "{place}");
            assert_eq!(keys.open::<String>(Purpose::Content("a"), &sealed[..place]), None, "{place}");
        }
        assert_ne!(keys.seal(Purpose::Content("a"), &"text"), Some(sealed));
    }

    #[test]
    fn a_file_without_sound_keys_is_refused_and_not_shown() {
        let good = line(1);
        for (content, words) in [
            ("", "holds no key; make one with `openssl rand -base64 32`"),
            ("secret", "in line 1"),
            (&format!("{good}\n{}", STANDARD.encode([1; 31])), "in line 2"),
            (&format!("{good}\n{good}\n{good}"), "more than two keys"),
        ] {
            let error = read(content).err().unwrap();
            assert!(error.contains(words) && error.contains("(SESSION_KEYS)"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
