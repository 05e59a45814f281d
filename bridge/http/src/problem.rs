//! Problem details (RFC 9457): all kinds, and the kind of each error.

pub(crate) mod alarms;
pub(crate) mod error;
pub(crate) mod intents;
pub(crate) mod kinds;
pub(crate) mod rules;
pub(crate) mod schedules;
pub(crate) mod starts;
pub(crate) mod workflows;

pub use error::ApiError;
