//! The public keys of an issuer (JWK Set, RFC 7517), and the tokens that they have verified lately.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use lru::LruCache;
use serde::Deserialize;
use serde_json::Value;

use crate::auth::identity::Identity;

/// How many verified tokens are kept for each issuer: some hundred bytes each.
const KEPT: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// A smaller modulus can be factored with effort (NIST SP 800-131A).
const RSA_BITS: usize = 2048;

/// The keys that an issuer has at some time.
pub(super) struct KeySet {
    keys: Vec<Key>,
    /// Verified tokens by their digest, and until when they are believed. They go with the keys.
    verified: Mutex<LruCache<[u8; 32], (Identity, Timestamp)>>,
}

/// A key that verifies signatures.
pub(super) struct Key {
    id: Option<String>,
    /// All of one family, so that no token chooses how its key is used.
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a key set. Keys that cannot verify a signature here, or must not, are left out.
    pub(super) fn read(document: &[u8]) -> Result<Self, serde_json::Error> {
        let document: Document = serde_json::from_slice(document)?;
        let jwks = document.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        Ok(Self {
            keys: jwks.filter_map(|jwk| Key::of(&jwk)).collect(),
            verified: Mutex::new(LruCache::new(KEPT)),
        })
    }

    /// Returns the number of keys.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Returns the key with this ID for this algorithm. Without an ID, the only key for the algorithm.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let mut fit = self.keys.iter().filter(|key| key.algorithms.contains(&algorithm));
        match id {
            Some(id) => fit.find(|key| key.id.as_deref() == Some(id)),
            None => fit.next().filter(|_| fit.next().is_none()),
        }
    }

    /// Returns whose token this is, if it was verified and is still believed.
    pub(super) fn remembered(&self, digest: &[u8; 32], now: Timestamp) -> Option<Identity> {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let (identity, until) = verified.get(digest)?;
        (now < *until).then(|| identity.clone())
    }

    /// Keeps whose token this is, until the given time.
    pub(super) fn remember(&self, digest: [u8; 32], identity: Identity, until: Timestamp) {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).put(digest, (identity, until));
    }
}

impl Key {
    fn of(jwk: &Jwk) -> Option<Self> {
        let common = &jwk.common;
        let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
        let verifies = common.key_operations.as_ref();
        let verifies = verifies.is_none_or(|operations| operations.contains(&KeyOperations::Verify));
        let possible = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => AlgorithmFamily::Rsa.algorithms(),
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                &[Algorithm::ES256]
            }
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => {
                &[Algorithm::ES384]
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                &[Algorithm::EdDSA]
            }
            // Among them `oct`: a secret that is public.
            _ => &[],
        };
        let algorithms = match common.key_algorithm {
            None => possible.to_vec(),
            Some(algorithm) => {
                let algorithm = Algorithm::try_from(algorithm).ok()?;
                possible.iter().copied().filter(|known| *known == algorithm).collect()
            }
        };
        let key = DecodingKey::from_jwk(jwk).ok()?;
        let usable = signs && verifies && !algorithms.is_empty() && is_long_enough(&key);
        usable.then(|| Self { id: common.key_id.clone(), algorithms, key })
    }
}

fn is_long_enough(key: &DecodingKey) -> bool {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, .. } => {
            let zeros = n.iter().take_while(|byte| **byte == 0).count();
            let first = n.get(zeros).map_or(0, |byte| byte.leading_zeros() as usize);
            (n.len() - zeros) * 8 - first >= RSA_BITS
        }
        DecodingKeyKind::SecretOrDer(_) => true,
    }
}
