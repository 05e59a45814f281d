//! The bridge's calls over HTTP: to workflow clients, to EMCO about deployment intent groups, and to the
//! operator's webhook.
#![warn(missing_docs)]

mod clients;
mod parents;
mod secured;
mod webhook;

pub use clients::HttpClients;
pub use parents::{EmcoParents, ParentsError};
pub use secured::{SecuredClients, SecuredClientsError};
pub use webhook::{Webhook, WebhookError};
