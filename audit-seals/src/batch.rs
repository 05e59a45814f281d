//! Sealed batches of events, as the bridge's API has them.

use serde::{Deserialize, Serialize};

use crate::seal::Seal;
use crate::tree::{Hash, leaf};
use crate::verify::{Fault, KeptEvent, Verifier};

/// A sealed batch of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Batch {
    /// The seal.
    pub seal: Seal,
    /// The hashes of the events that were sealed, in hexadecimal, in their order; absent if the events were deleted
    /// after their retention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves: Option<Vec<String>>,
    /// The events that are kept, in their order.
    pub events: Vec<SealedEvent>,
}

/// An event, as it was hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SealedEvent {
    /// The number of the event.
    pub number: i64,
    /// The event as JSON text, which was hashed.
    pub document: String,
}

impl Batch {
    /// Verifies the batch, after those before it.
    ///
    /// # Errors
    /// Returns the first fault.
    pub fn verify(self, verifier: &mut Verifier<'_>) -> Result<(), Fault> {
        let Self { seal, leaves, events } = self;
        // A text that is no hash is one that fits nothing.
        let hash = |text: String| hex::decode(text).ok().and_then(|hash| Hash::try_from(hash).ok());
        let leaves =
            leaves.map(|leaves| leaves.into_iter().map(|text| hash(text).unwrap_or_default()).collect());
        let leaves: Option<Vec<Hash>> = leaves;
        let events: Vec<_> = events.into_iter().map(|event| kept(event, seal.number)).collect();
        verifier.batch(seal, leaves.as_deref(), &events)
    }
}

fn kept(SealedEvent { number, document }: SealedEvent, batch: i64) -> KeptEvent {
    let leaf = leaf(&document).to_vec();
    KeptEvent { number, batch: Some(batch), document, leaf, is_consistent: true }
}
