//! The commands, a file for each group.

pub(crate) mod alarms;
pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod changes;
pub(crate) mod context;
pub(crate) mod edit;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod intents;
pub(crate) mod login;
pub(crate) mod rules;
pub(crate) mod runs;
pub(crate) mod schedules;
pub(crate) mod shell;
pub(crate) mod start;
pub(crate) mod verbs;
pub(crate) mod verify;
