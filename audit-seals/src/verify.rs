//! Verifies the audit: finds the first event or seal that is not as it was written.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use crate::key::VerifyKeys;
use crate::report::{Report, Verify};
use crate::seal::Seal;
use crate::tree::{Hash, leaf, root};

/// The action of an event about deleted events.
pub const EXPIRE: &str = "expire-audit";

/// The first fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An event has another content than when it was written.
    #[error("event {number} of batch {batch} was changed")]
    Changed {
        /// The number of the event.
        number: i64,
        /// Its batch.
        batch: i64,
    },
    /// An event that is not sealed yet has another content than when it was written.
    #[error("event {0}, which is not sealed yet, was changed")]
    UnsealedChanged(i64),
    /// An event is missing.
    #[error("an event of batch {batch} is missing: number {place} of its {of}")]
    Missing {
        /// Its batch.
        batch: i64,
        /// Its place in the batch, from 1.
        place: usize,
        /// The number of events that were sealed.
        of: usize,
    },
    /// An event was added after the batch was sealed.
    #[error("event {number} was inserted into batch {batch} after the batch was sealed")]
    Inserted {
        /// The number of the event.
        number: i64,
        /// The batch.
        batch: i64,
    },
    /// Events have other places than when they were sealed.
    #[error(
        "event {number} of batch {batch} was moved: the events are in another order than when they were sealed"
    )]
    Reordered {
        /// The first event at a wrong place.
        number: i64,
        /// The batch.
        batch: i64,
    },
    /// A seal is missing.
    #[error("seal {0} is missing")]
    NoSeal(i64),
    /// A seal has another content than when it was made.
    #[error("seal {0} was changed: {1}")]
    SealChanged(i64, &'static str),
    /// A seal has no valid signature.
    #[error("seal {0} is forged: it has no signature by one of the given keys")]
    Forged(i64),
    /// Events were deleted, and no event records that their retention had passed.
    #[error("the events of batch {0} were deleted, but no event records that their retention had passed")]
    Deleted(i64),
    /// The end of the audit is missing.
    #[error("the audit was truncated: it ends with seal {last}, but the checkpoint has seal {checkpoint}")]
    Truncated {
        /// The last seal.
        last: i64,
        /// The seal of the checkpoint.
        checkpoint: i64,
    },
    /// The audit is not the one of the checkpoint.
    #[error("seal {0} differs from the checkpoint: the audit was rewritten up to there")]
    Rewritten(i64),
}

/// An event, as it is kept.
#[derive(Debug, Clone)]
pub struct KeptEvent {
    /// Its number.
    pub number: i64,
    /// Its batch; `None` if it is not sealed yet.
    pub batch: Option<i64>,
    /// The event as JSON, which was hashed.
    pub document: String,
    /// The hash that is kept with it.
    pub leaf: Vec<u8>,
    /// Whether all that is kept with it fits the document.
    pub is_consistent: bool,
}

/// What is read of an event about deleted events.
#[derive(Deserialize)]
struct Deletion {
    verb: String,
    object: Deleted,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    through_batch: Option<i64>,
}

/// Verifies batches in the order of their seals.
#[derive(Debug)]
pub struct Verifier<'a> {
    keys: Option<&'a VerifyKeys>,
    checkpoints: BTreeMap<i64, &'a Seal>,
    last: Option<Seal>,
    report: Report,
    /// The last batch of which an event records that its events were deleted.
    recorded: i64,
}

impl<'a> Verifier<'a> {
    /// Begins with the first seal.
    #[must_use]
    pub fn new(verify: &'a Verify) -> Self {
        let checkpoints = verify.checkpoints.iter().map(|seal| (seal.number, seal)).collect();
        let keys = verify.keys.as_ref();
        Self { keys, checkpoints, last: None, report: Report::default(), recorded: 0 }
    }

    /// Verifies a seal and its events. `leaves` is `None` if they were deleted after their retention.
    ///
    /// # Errors
    /// Returns the first fault.
    pub fn batch(&mut self, seal: Seal, leaves: Option<&[Hash]>, events: &[KeptEvent]) -> Result<(), Fault> {
        let number = seal.number;
        self.seal(&seal)?;
        match leaves {
            None => {
                // Only the oldest batches are deleted.
                if number != self.report.expired + 1 {
                    return Err(Fault::Deleted(number));
                }
                if let Some(event) = events.first() {
                    return Err(Fault::Inserted { number: event.number, batch: number });
                }
                self.report.expired = number;
            }
            Some(leaves) => {
                if hex::encode(root(leaves)) != seal.root {
                    return Err(Fault::SealChanged(number, "its root is not that of its hashes"));
                }
                if i64::try_from(leaves.len()) != Ok(seal.events) {
                    return Err(Fault::SealChanged(number, "it counts other events"));
                }
                compare(number, leaves, events)?;
                self.note_deletions(events);
                self.report.events += seal.events;
            }
        }
        self.report.seals += 1;
        self.last = Some(seal);
        Ok(())
    }

    fn seal(&mut self, seal: &Seal) -> Result<(), Fault> {
        let next = self.last.as_ref().map_or(1, |last| last.number + 1);
        if seal.number != next {
            return Err(Fault::NoSeal(next));
        }
        let previous = self.last.as_ref().map_or_else(|| hex::encode([0; 32]), Seal::hash);
        if seal.previous != previous {
            // The hash covers the whole seal before, and that one covers those before it.
            let changed = self.last.as_ref().map_or(seal.number, |last| last.number);
            return Err(Fault::SealChanged(changed, "the next seal was made for another one"));
        }
        if let Some(keys) = self.keys
            && (seal.signature.is_some() || self.report.signed > 0)
            && !seal.is_signed_by(keys)
        {
            return Err(Fault::Forged(seal.number));
        }
        self.report.signed += i64::from(seal.signature.is_some());
        match self.checkpoints.remove(&seal.number) {
            Some(checkpoint) if checkpoint.hash() != seal.hash() => Err(Fault::Rewritten(seal.number)),
            _ => Ok(()),
        }
    }

    /// Verifies events that are not sealed yet.
    ///
    /// # Errors
    /// Returns the first fault.
    pub fn unsealed(&mut self, events: &[KeptEvent]) -> Result<(), Fault> {
        for event in events {
            if let Some(batch) = event.batch {
                return Err(Fault::NoSeal(batch));
            }
            if !is_whole(event) {
                return Err(Fault::UnsealedChanged(event.number));
            }
            self.report.unsealed += 1;
        }
        self.note_deletions(events);
        Ok(())
    }

    /// Verifies that nothing is missing at the end.
    ///
    /// # Errors
    /// Returns the fault.
    pub fn end(self) -> Result<Report, Fault> {
        let last = self.last.as_ref().map_or(0, |last| last.number);
        if let Some((&checkpoint, _)) = self.checkpoints.last_key_value() {
            return Err(Fault::Truncated { last, checkpoint });
        }
        if self.report.expired > self.recorded {
            return Err(Fault::Deleted(self.report.expired));
        }
        if self.keys.is_some() && last > 0 && self.report.signed == 0 {
            return Err(Fault::Forged(last));
        }
        Ok(self.report)
    }

    fn note_deletions(&mut self, events: &[KeptEvent]) {
        let deletions = events.iter().filter(|event| event.document.contains(EXPIRE));
        let deletions = deletions.filter_map(|event| serde_json::from_str::<Deletion>(&event.document).ok());
        let through =
            deletions.filter(|event| event.verb == EXPIRE).filter_map(|event| event.object.through_batch);
        self.recorded = through.fold(self.recorded, i64::max);
    }
}

/// Returns whether the parts of an event fit each other.
fn is_whole(event: &KeptEvent) -> bool {
    event.leaf == leaf(&event.document) && event.is_consistent
}

/// Compares the events of a batch with the hashes that were sealed.
fn compare(batch: i64, leaves: &[Hash], events: &[KeptEvent]) -> Result<(), Fault> {
    for (place, event) in events.iter().enumerate() {
        let number = event.number;
        if !is_whole(event) {
            return Err(Fault::Changed { number, batch });
        }
        if leaves.get(place).is_some_and(|sealed| event.leaf == sealed) {
            continue;
        }
        // Places before this one are as they were sealed.
        let rest = &leaves[place.min(leaves.len())..];
        let later: HashSet<&[u8]> = events[place..].iter().map(|event| event.leaf.as_slice()).collect();
        let here = rest.first().is_some_and(|sealed| later.contains(sealed.as_slice()));
        return Err(match rest.iter().any(|sealed| event.leaf == sealed) {
            true if here => Fault::Reordered { number, batch },
            true => Fault::Missing { batch, place: place + 1, of: leaves.len() },
            false if here || rest.is_empty() => Fault::Inserted { number, batch },
            false => Fault::Changed { number, batch },
        });
    }
    if events.len() < leaves.len() {
        return Err(Fault::Missing { batch, place: events.len() + 1, of: leaves.len() });
    }
    Ok(())
}
