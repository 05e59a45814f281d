//! Serves HTTP: the listener, and what every server does, whatever its routes.

mod access;
mod body;
mod escapes;
pub mod headers;
mod limits;
mod opened;
mod operations;
mod request_line;
mod serve;
mod standard;
mod tls;

pub use body::BodyLimits;
pub use escapes::wrong_escape;
pub use limits::{Limits, limited};
pub use operations::operations;
pub use serve::{CutOff, Options, serve};
pub use standard::standard;
pub use tls::{CallerFiles, ClientAuth, Tls, TlsFiles};
