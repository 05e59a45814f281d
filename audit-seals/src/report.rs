//! What the audit is compared with, and what was verified, in words.

use crate::key::VerifyKeys;
use crate::seal::Seal;

/// What the audit is compared with.
#[derive(Debug, Clone, Default)]
pub struct Verify {
    /// The keys that may have signed seals. Without them, signatures are not verified.
    pub keys: Option<VerifyKeys>,
    /// Seals that were kept elsewhere.
    pub checkpoints: Vec<Seal>,
}

/// What was verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The number of seals.
    pub seals: i64,
    /// The number of sealed events.
    pub events: i64,
    /// The number of events that are not sealed yet.
    pub unsealed: i64,
    /// The last batch whose events were deleted after their retention; 0 for none.
    pub expired: i64,
    /// The number of signed seals.
    pub signed: i64,
}

impl Report {
    /// Returns what was verified, as sentences that name the options of the commands `audit verify`.
    #[must_use]
    pub fn sentences(&self, verify: &Verify) -> String {
        let Self { seals, events, unsealed, expired, signed } = self;
        let mut text = format!("The audit is as it was written: {events} events under {seals} seals");
        if *expired > 0 {
            text += &format!(" (events deleted after their retention: batches 1 to {expired})");
        }
        text += ". ";
        if *unsealed > 0 {
            text += &format!("{unsealed} events are not sealed yet. ");
        }
        text += &match verify.keys {
            Some(_) => format!("{signed} seals are signed, and the signatures are valid."),
            None => "Signatures were not verified (--key).".to_owned(),
        };
        if verify.checkpoints.is_empty() {
            text += " Whether its end was removed was not verified (--checkpoint).";
        }
        text
    }
}
