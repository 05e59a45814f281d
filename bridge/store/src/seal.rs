//! Seals of the audit. A seal has the root of a tree over the events of a batch, and the hash of the seal before, so
//! that a change of any sealed event changes every later seal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::FromRow;

use crate::key::{SealKey, VerifyKeys};
use crate::tree::{Hash, root};

/// A seal, as it goes to the log and to checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Its number, from 1 without gaps.
    pub number: i64,
    /// The number of events in its batch.
    pub events: i64,
    /// When it was made.
    pub at: Timestamp,
    /// The root of the tree over the events (RFC 6962), in hexadecimal.
    pub root: String,
    /// The hash of the seal before, in hexadecimal; of the first seal, zeros.
    pub previous: String,
    /// The ID of the key that signed it; absent if the bridge has no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The Ed25519 signature of its text, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Seal {
    /// Seals a batch of events after the seal `last`.
    pub(crate) fn new(last: Option<&Self>, leaves: &[Hash], at: Timestamp, key: Option<&SealKey>) -> Self {
        // The database keeps microseconds.
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        let mut seal = Self {
            number: last.map_or(0, |last| last.number) + 1,
            events: i64::try_from(leaves.len()).unwrap_or(i64::MAX),
            at,
            root: hex::encode(root(leaves)),
            previous: last.map_or_else(|| hex::encode([0; 32]), Self::hash),
            key: None,
            signature: None,
        };
        if let Some(key) = key {
            seal.signature = Some(hex::encode(key.sign(seal.text().as_bytes())));
            seal.key = Some(key.id());
        }
        seal
    }

    /// Returns the text that is signed and hashed.
    fn text(&self) -> String {
        let Self { number, events, at, root, previous, .. } = self;
        format!("emco-bridge audit seal 1\n{number}\n{events}\n{}\n{root}\n{previous}\n", at.as_microsecond())
    }

    /// Returns the hash that the next seal has.
    pub(crate) fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.text()))
    }

    /// Returns whether one of these keys has signed it.
    pub(crate) fn is_signed_by(&self, keys: &VerifyKeys) -> bool {
        let signature = self.signature.as_deref().and_then(|text| hex::decode(text).ok());
        signature.is_some_and(|signature| keys.have_signed(self.text().as_bytes(), &signature))
    }
}

/// The row of a seal. `leaves` is NULL if the events were deleted after their retention.
#[derive(Debug, FromRow)]
pub(crate) struct SealRow {
    number: i64,
    events: i64,
    at: i64,
    root: Vec<u8>,
    previous: Vec<u8>,
    key: Option<String>,
    signature: Option<Vec<u8>>,
    pub(crate) leaves: Option<Vec<u8>>,
}

impl SealRow {
    /// Returns the seal. A time that is none makes one whose hash fits nothing.
    pub(crate) fn seal(&self) -> Seal {
        Seal {
            number: self.number,
            events: self.events,
            at: Timestamp::from_microsecond(self.at).unwrap_or_default(),
            root: hex::encode(&self.root),
            previous: hex::encode(&self.previous),
            key: self.key.clone(),
            signature: self.signature.as_deref().map(hex::encode),
        }
    }
}
