//! What every use case is given first: who asks, which request it belongs to, and the time.

use std::fmt;

use jiff::Timestamp;

/// Long enough for any name; engines bound the length of identities.
const NAME_MAX: usize = 200;

/// The context of one call of a use case.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who asks.
    pub actor: Actor,
    /// The request that the call belongs to.
    pub correlation: Correlation,
    /// The time of the call.
    pub now: Timestamp,
}

/// Who asks for something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    name: String,
    proof: Proof,
}

/// How an actor was identified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Proof {
    /// Not at all.
    #[default]
    None,
    /// By a bearer token.
    Token,
    /// By a TLS client certificate.
    Certificate,
    /// By a proxy that the operator trusts.
    Proxy,
}

impl Proof {
    /// Returns the word for it in logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Token => "token",
            Self::Certificate => "certificate",
            Self::Proxy => "proxy",
        }
    }
}

impl Actor {
    /// An actor of this name. Control characters are left out and long names are cut, because names go to logs and histories.
    #[must_use]
    pub fn new(name: &str, proof: Proof) -> Self {
        Self { name: name.trim().chars().filter(|c| !c.is_control()).take(NAME_MAX).collect(), proof }
    }

    /// Returns the name; empty for an actor without one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns how the actor was identified.
    #[must_use]
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// Returns the identity in the engine's histories: `alice via bridge@host:pid`, or the bridge's own.
    #[must_use]
    pub fn via(&self, bridge: &str) -> String {
        if self.name.is_empty() { bridge.to_owned() } else { format!("{} via {bridge}", self.name) }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.name.is_empty() { "anonymous" } else { &self.name })
    }
}

/// The request that work belongs to, for logs and for the calls that it leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Correlation {
    /// The ID of the request; empty for work of the bridge's own.
    pub request_id: String,
    /// Its place in a trace (W3C Trace Context, `traceparent`); empty where there is none.
    pub trace_parent: String,
    /// The state of the trace (`tracestate`), where there is one.
    pub trace_state: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_acts_through_the_bridge() {
        assert_eq!(Actor::default().via("bridge@host:1"), "bridge@host:1");
        assert_eq!(Actor::new(" alice\n", Proof::Proxy).via("bridge@host:1"), "alice via bridge@host:1");
        assert_eq!(Actor::default().to_string(), "anonymous");
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(Actor::new(&"ä".repeat(1000), Proof::Token).name().chars().count(), NAME_MAX);
    }
}
