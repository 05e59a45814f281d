//! How what ships is built: our programs, the images of them, and the list of what is in each image.

#![warn(missing_docs)]

mod cargo;
pub mod images;
mod programs;

pub use cargo::{cargo, target_dir, workspace_dir};
pub use programs::{Profile, SHIPPED, build_static};
