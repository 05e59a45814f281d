//! Serving HTTP: the listener and what every server answers alike.

mod access;
mod body;
mod escapes;
mod limits;
mod operations;
mod request_line;
mod serve;
mod shim;
mod standard;
mod tls;
mod wrap;

pub use access::RequestId;
pub(crate) use access::{ACTIVE, DURATION};
pub use body::BodyLimits;
pub use escapes::wrong_escape;
pub use limits::{Limits, limited};
pub use operations::operations;
pub(crate) use serve::HANDSHAKES_FAILED;
pub use serve::{CutOff, Options, serve};
pub use standard::standard;
pub use tls::{ClientAuth, Tls, TlsFiles};
pub use wrap::{Inner, wrapped};
