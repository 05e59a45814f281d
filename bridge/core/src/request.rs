//! The first argument of every use case: the caller, the correlation and the time.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use workflow_api::Caller;

use crate::model::Source;

/// This is long enough for any name. Engines limit the length of identities.
const NAME_MAX: usize = 200;

/// The context of one call of a use case.
#[derive(Debug, Clone)]
pub struct Request {
    /// The caller.
    pub actor: Actor,
    /// The request that the call belongs to, for logs.
    pub correlation: Correlation,
    /// Where the request came from.
    pub source: Source,
    /// The time of the call.
    pub now: Timestamp,
}

/// The caller of a use case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    name: String,
    label: String,
    proof: Proof,
    issuer: String,
    groups: Arc<[String]>,
    author: String,
}

/// How an actor was identified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Proof {
    /// It was not identified.
    #[default]
    None,
    /// By a bearer token of a file.
    Token,
    /// By a TLS client certificate.
    Certificate,
    /// By a proxy that the operator trusts.
    Proxy,
    /// By a token that an issuer has signed (JWT).
    Issuer,
    /// It is a schedule of the bridge's own.
    Schedule,
    /// It is a rule of the bridge's own.
    Rule,
}

impl Proof {
    /// Returns its text in logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Token => "token",
            Self::Certificate => "certificate",
            Self::Proxy => "proxy",
            Self::Issuer => "issuer",
            Self::Schedule => "schedule",
            Self::Rule => "rule",
        }
    }
}

impl Actor {
    /// Creates an actor with this name, which is kept as it is.
    #[must_use]
    pub fn new(name: impl Into<String>, proof: Proof) -> Self {
        let name = name.into();
        let label = name.trim().chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
        Self { name, label, proof, ..Self::default() }
    }

    /// Adds what an issuer has signed: its own name in the settings, and the groups of the actor.
    #[must_use]
    pub fn issued(self, issuer: impl Into<String>, groups: Arc<[String]>) -> Self {
        Self { issuer: issuer.into(), groups, ..self }
    }

    /// Adds who has written the schedule or the rule that acts.
    #[must_use]
    pub fn on_behalf_of(self, author: impl Into<String>) -> Self {
        Self { author: author.into(), ..self }
    }

    /// Returns who has written the schedule or the rule that acts; empty for other actors.
    #[must_use]
    pub fn author(&self) -> &str {
        &self.author
    }

    /// Returns the whole name; empty for an actor without one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name as it goes to logs, histories and records: without control characters, and cut if it
    /// is long.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns how the actor was identified.
    #[must_use]
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// Returns the name that the settings give to the issuer of its token; empty if there is none.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns the groups that the issuer of its token names.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Returns its identity in the engine's histories: `alice via bridge@host:pid`, or only the bridge's own
    /// name.
    #[must_use]
    pub fn via(&self, bridge: &str) -> String {
        if self.label.is_empty() { bridge.to_owned() } else { format!("{} via {bridge}", self.label) }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.name.is_empty() { "anonymous" } else { &self.label })
    }
}

/// The request that work belongs to. It goes to logs and to the calls that the work makes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Correlation {
    /// The ID of the request; empty for the bridge's own work.
    pub request_id: String,
    /// Its place in a trace (W3C Trace Context, `traceparent`); empty if there is none.
    pub trace_parent: String,
    /// The state of the trace (`tracestate`), if there is one.
    pub trace_state: Option<String>,
}

/// What a call to a workflow client is made for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// The request that the call belongs to.
    pub correlation: Correlation,
    /// On whose behalf the workflow is started; `None` if nobody knows.
    pub caller: Option<Caller>,
}
