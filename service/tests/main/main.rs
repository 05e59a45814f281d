//! The package as its users meet it: real sockets, real processes, a real Temporal server.

mod drain;
mod process;
mod request_line;
mod temporal;
mod wire;
