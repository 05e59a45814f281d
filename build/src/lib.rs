//! Builds what is shipped: our programs, their images, and a list of the contents of each image.

#![warn(missing_docs)]

mod cargo;
pub mod images;
mod programs;

pub use cargo::{cargo, target_dir, workspace_dir};
pub use programs::{Profile, SHIPPED, build_static};
