//! The bridge's calls over HTTP: to workflow clients, to EMCO about deployment intent groups, and to the
//! operator's webhook.
#![warn(missing_docs)]

mod certificates;
mod clients;
mod parents;
mod secured;
mod token_endpoint;
mod webhook;

pub use clients::{HttpClients, HttpClientsError};
pub use parents::{EmcoParents, ParentsError};
pub use webhook::{Webhook, WebhookError};
