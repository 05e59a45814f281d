//! The whole system as its users meet it: real processes, a real Temporal server, EMCO's stand-in.

mod api;
mod bad_input;
mod callers;
mod chaos;
mod compliant;
mod emcoctl;
mod interop;
mod near_limit;
mod outages;
mod python_worker;
mod restarts;
