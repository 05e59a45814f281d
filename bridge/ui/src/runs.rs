//! Pages about runs.

pub(crate) mod cancel;
pub(crate) mod detail;
pub(crate) mod history;
pub(crate) mod list;
mod message;
pub(crate) mod pause;
mod place;
pub(crate) mod query;
pub(crate) mod reset;
mod row;
pub(crate) mod signal;
mod spans;
pub(crate) mod terminate;
pub(crate) mod timeline;
pub(crate) mod unpause;
pub(crate) mod update;

pub(crate) use row::RunRow;
