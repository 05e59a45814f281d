//! Being laid.
pub mod temporal;
