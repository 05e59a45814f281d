#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! This package is the executable: command line, settings, wiring. The rest is in packages beside it: `core`
//! (use cases and the ports that they need), `store`, `temporal`, `clients` (implementations of the ports),
//! `rights` (who may do what), `notify` (delivers
//! notifications), `http` (the REST API) and `login` (logins of browsers).
#![warn(missing_docs)]

mod audit;
mod bridge;
pub mod cli;
pub mod config;
mod listed;
mod login;
mod notify;
mod rights;
mod secure;

pub use bridge::{Bridge, OpenError};
pub use login::LoginError;
pub use rights::NoRights;
