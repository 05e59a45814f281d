//! Seals of the bridge's audit: how they are made, and how a chain of them is verified, in the bridge's database
//! or over its API. No I/O.
#![warn(missing_docs)]

mod batch;
mod key;
mod report;
mod seal;
mod tree;
mod verify;

pub use batch::{Batch, SealedEvent};
pub use key::{KeyError, SealKey, VerifyKeys};
pub use report::{Report, Verify};
pub use seal::{NoSeal, Seal};
pub use tree::{Hash, leaf};
pub use verify::{EXPIRE, Fault, KeptEvent, Verifier};
