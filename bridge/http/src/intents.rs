//! Workflow intents.

pub(crate) mod change;
pub(crate) mod check;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod groups;
pub(crate) mod list;
pub(crate) mod put;
pub(crate) mod revisions;
pub(crate) mod rollback;
