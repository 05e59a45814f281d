//! The bridge's calls over HTTP: to workflow clients, and to EMCO about deployment intent groups.
#![warn(missing_docs)]

mod clients;
mod parents;
mod secured;

pub use clients::HttpClients;
pub use parents::{EmcoParents, ParentsError};
pub use secured::{SecuredClients, SecuredClientsError};
