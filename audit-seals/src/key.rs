//! The key that signs the seals of the audit, and the public keys that verify them (Ed25519).

use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";
/// The beginning of an Ed25519 public key in DER (RFC 8410). The 32 bytes of the key follow.
const PUBLIC_DER: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A private key that signs seals.
#[derive(Debug)]
pub struct SealKey(Ed25519KeyPair);

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file has no key of this kind.
    #[error(
        "is not an Ed25519 key: make one with `bridge audit keygen`, or `openssl genpkey -algorithm ed25519`"
    )]
    NotAKey,
    /// The system has no randomness.
    #[error("no key can be made, because the system provides no random numbers")]
    NoRandomness,
}

impl SealKey {
    /// Reads a private key: PKCS#8, as PEM or DER.
    ///
    /// # Errors
    /// Returns an error if the content is anything else.
    pub fn read(content: &[u8]) -> Result<Self, KeyError> {
        let parsed = pem::parse(content).ok();
        let der = parsed.as_ref().filter(|block| block.tag() == PRIVATE).map_or(content, pem::Pem::contents);
        // Without `maybe`, keys of OpenSSL would be refused: they have no public key in them.
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Self).map_err(|_| KeyError::NotAKey)
    }

    /// Makes a key. Returns it as PEM.
    ///
    /// # Errors
    /// Returns an error if the system has no randomness.
    pub fn generate() -> Result<String, KeyError> {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError::NoRandomness)?;
        Ok(encoded(PRIVATE, key.as_ref().to_vec()))
    }

    /// Returns the public key as PEM.
    #[must_use]
    pub fn public(&self) -> String {
        encoded(PUBLIC, [&PUBLIC_DER, self.0.public_key().as_ref()].concat())
    }

    /// Returns the ID of the key: the beginning of the hash of the public key.
    #[must_use]
    pub fn id(&self) -> String {
        hex::encode(&Sha256::digest(self.0.public_key())[..8])
    }

    pub(crate) fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.0.sign(text).as_ref().to_vec()
    }
}

fn encoded(tag: &str, content: Vec<u8>) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(tag, content), config)
}

/// Public keys. Several are needed if the key was replaced.
#[derive(Debug, Clone, Default)]
pub struct VerifyKeys(Vec<Vec<u8>>);

impl VerifyKeys {
    /// Reads public keys as PEM. Private keys are read as well: each has its public key.
    ///
    /// # Errors
    /// Returns an error if a part of the content is no key, or if there is none.
    pub fn read(content: &[u8]) -> Result<Self, KeyError> {
        let blocks = pem::parse_many(content).map_err(|_| KeyError::NotAKey)?;
        let keys = blocks.iter().map(|block| match block.tag() {
            PRIVATE => Ok(SealKey::read(block.contents())?.0.public_key().as_ref().to_vec()),
            _ => block
                .contents()
                .strip_prefix(&PUBLIC_DER)
                .filter(|key| key.len() == 32)
                .map(<[u8]>::to_vec)
                .ok_or(KeyError::NotAKey),
        });
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(KeyError::NotAKey) } else { Ok(Self(keys)) }
    }

    pub(crate) fn have_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        self.0.iter().any(|key| UnparsedPublicKey::new(&ED25519, key).verify(text, signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 8410, 10.3, and `openssl pkey -pubout` of it.
    const BY_OPENSSL: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    const ITS_PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn a_key_of_openssl_signs() {
        let key = SealKey::read(BY_OPENSSL.as_bytes()).unwrap();
        assert_eq!(key.public(), ITS_PUBLIC_KEY);
        let keys = VerifyKeys::read(ITS_PUBLIC_KEY.as_bytes()).unwrap();
        assert!(keys.have_signed(b"text", &key.sign(b"text")));
        assert!(!keys.have_signed(b"other", &key.sign(b"text")));
    }

    #[test]
    fn a_generated_key_signs_as_pem_and_as_der() {
        let made = SealKey::generate().unwrap();
        let der = pem::parse(&made).unwrap().into_contents();
        let keys = VerifyKeys::read(made.as_bytes()).unwrap();
        for content in [made.as_bytes(), &der] {
            assert!(keys.have_signed(b"text", &SealKey::read(content).unwrap().sign(b"text")));
        }
        let other = SealKey::read(SealKey::generate().unwrap().as_bytes()).unwrap();
        assert!(!keys.have_signed(b"text", &other.sign(b"text")));
    }

    #[test]
    fn other_contents_are_no_keys() {
        for content in ["", "text", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
            assert!(SealKey::read(content.as_bytes()).is_err(), "{content}");
            assert!(VerifyKeys::read(content.as_bytes()).is_err(), "{content}");
        }
    }
}
