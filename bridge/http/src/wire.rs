//! What requests and responses have in common on the wire.

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
