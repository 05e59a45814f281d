//! What is read and written, against bodies that EMCO's tools send.

mod properties;
mod reading;
mod validity;
mod writing;
