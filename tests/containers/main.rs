//! The images as they ship, run by Docker on a private network: with a root file system that cannot be
//! written, without capabilities, as the user that they name.

mod images;
mod migration;
mod network;
mod outages;
mod secrets;
mod storage;
mod system;
mod tls;
