//! Pages about intents.

pub(crate) mod check;
pub(crate) mod delete;
pub(crate) mod detail;
pub(crate) mod edit;
mod form;
pub(crate) mod list;
mod place;
pub(crate) mod revisions;
pub(crate) mod rollback;
pub(crate) mod start;
