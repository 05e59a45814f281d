#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! Arrows point one way: `http` and `cli` → `app` (use cases) → the ports `storage`, `temporal`, `invoke` → `intent` and `run`.
#![warn(missing_docs)]

pub mod app;
mod bridge;
pub mod callers;
pub mod cli;
pub mod config;
pub mod hosts;
pub mod http;
pub mod intent;
pub mod invoke;
mod parents;
pub mod run;
mod secure;
pub mod storage;
pub mod targets;
pub mod temporal;

pub use bridge::{Bridge, OpenError};
pub use parents::ParentsError;
