#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(feature = "mimalloc")]
mod allocator;
pub mod auth;
mod body;
pub mod caller;
pub mod clock;
pub mod fields;
pub mod files;
pub mod health;
pub mod hosts;
pub mod http;
pub mod metrics;
pub mod origin;
pub mod outbound;
pub mod probe;
pub mod problem;
pub mod runtime;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
pub mod token;

pub use body::heavy_body;
pub use workflow_api::chain;
