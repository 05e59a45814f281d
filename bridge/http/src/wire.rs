//! The parts of requests and responses that all resources share.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod call;
pub(crate) mod etag;
pub(crate) mod page;
pub(crate) mod params;
pub(crate) mod path;
pub(crate) mod sample;
pub(crate) mod success;
pub(crate) mod waits;
