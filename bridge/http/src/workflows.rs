//! The workflows that were started from intents.

mod about;
pub(crate) mod cancel;
pub(crate) mod events;
pub(crate) mod pause;
pub(crate) mod query;
pub(crate) mod reset;
pub(crate) mod signal;
pub(crate) mod status;
mod status_params;
pub(crate) mod terminate;
pub(crate) mod update;
