//! Seals of the audit. A seal has the root of a tree over the events of a batch, and the hash of the seal before, so
//! that a change of any sealed event changes every later seal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::key::{SealKey, VerifyKeys};
use crate::tree::{Hash, root};

/// A seal, as it goes to the log and to checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Seal {
    /// Its number, from 1 without gaps.
    pub number: i64,
    /// The number of events in its batch.
    pub events: i64,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
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

/// A text has a line that is no seal, or no line.
#[derive(Debug, thiserror::Error)]
pub enum NoSeal {
    /// This line is none.
    #[error("line {0} is no seal of the audit")]
    Line(usize, #[source] serde_json::Error),
    /// There is no line.
    #[error("has no seal of the audit")]
    Empty,
}

impl Seal {
    /// Seals a batch of events after the seal `last`.
    #[must_use]
    pub fn new(last: Option<&Self>, leaves: &[Hash], at: Timestamp, key: Option<&SealKey>) -> Self {
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
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.text()))
    }

    /// Returns whether one of these keys has signed it.
    pub(crate) fn is_signed_by(&self, keys: &VerifyKeys) -> bool {
        let signature = self.signature.as_deref().and_then(|text| hex::decode(text).ok());
        signature.is_some_and(|signature| keys.have_signed(self.text().as_bytes(), &signature))
    }

    /// Reads seals that were kept elsewhere: each line has one as JSON, perhaps in a line of the bridge's log.
    ///
    /// # Errors
    /// Returns an error if a line is no seal, or if there is none.
    pub fn read_lines(text: &str) -> Result<Vec<Self>, NoSeal> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let read =
            |(number, line)| serde_json::from_str(line).map_err(|error| NoSeal::Line(number + 1, error));
        let seals = lines.map(read).collect::<Result<Vec<_>, _>>()?;
        if seals.is_empty() { Err(NoSeal::Empty) } else { Ok(seals) }
    }
}
