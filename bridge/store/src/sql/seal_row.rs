//! The row of a seal.

use audit_seals::Seal;
use jiff::Timestamp;
use sqlx::FromRow;

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
