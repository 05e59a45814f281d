//! The kit from outside: its macro, its HTTP, its Temporal.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accepted;
mod broken;
mod callers;
mod catalogue;
mod clients;
mod compliant;
mod declared;
mod endings;
mod heavy;
mod names;
mod options;
mod outages;
mod params;
mod recorded;
mod refusals;
mod repeats;
mod secured;
mod serving;
mod starts;
mod ui;
mod wire;
