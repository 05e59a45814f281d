//! Problem details (RFC 9457): every kind, and which error is which.

pub(crate) mod error;
pub(crate) mod intents;
pub(crate) mod kinds;
pub(crate) mod starts;
pub(crate) mod workflows;

pub(crate) use error::ApiError;
