//! Pages about rules.

mod decision;
pub(crate) mod delete;
pub(crate) mod detail;
pub(crate) mod edit;
pub(crate) mod list;
mod place;
pub(crate) mod rehearse;
mod rehearsed;
pub(crate) mod revisions;
mod samples;
mod term;
mod text;
mod words;

pub(crate) use place::RulePlace;
