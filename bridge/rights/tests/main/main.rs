//! Bindings and policies: what they allow, and which faults are found.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod decisions;
mod faults;
mod model;

use bridge_core::model::DigKey;
use bridge_core::{Actor, Correlation, Proof, Request};
use bridge_rights::{Rights, RightsFile};

fn rights(bindings: &str) -> Rights {
    with_policies(bindings, "")
}

fn with_policies(bindings: &str, policies: &str) -> Rights {
    let source = |name, text| RightsFile { name, text };
    Rights::read(&source("rights.toml", bindings), &[source("forbid.cedar", policies)]).unwrap()
}

/// A request on a Sunday.
fn request(actor: Actor) -> Request {
    let now = "2026-11-29T02:30:00Z".parse().unwrap();
    Request { actor, correlation: Correlation::default(), source: bridge_core::model::Source::default(), now }
}

fn token(name: &str) -> Request {
    request(Actor::new(name, Proof::Token))
}

fn dig(name: &str) -> DigKey {
    DigKey::new("p", "a", "v", name)
}
