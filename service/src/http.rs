//! Serving HTTP: the listener and what every server answers alike.

mod access;
mod limits;
mod operations;
mod request_line;
mod serve;
mod shim;
mod standard;

pub use access::RequestId;
pub(crate) use access::{ACTIVE, DURATION};
pub use limits::{Limits, limited};
pub use operations::operations;
pub use serve::{CutOff, Options, serve};
pub use standard::standard;
