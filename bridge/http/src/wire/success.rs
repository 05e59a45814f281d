//! Callers that get another status than EMCO's 204 for a successful start, by user agent and address.

use std::net::IpAddr;
use std::str::FromStr;

use http::StatusCode;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

use crate::wire::params::parsed;

/// The possible statuses of a successful start.
const STATUSES: [StatusCode; 4] =
    [StatusCode::OK, StatusCode::CREATED, StatusCode::ACCEPTED, StatusCode::NO_CONTENT];

/// The status of a successful start, as a caller or an operator writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuccessStatus(pub StatusCode);

impl FromStr for SuccessStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let status = StatusCode::from_str(text).ok().filter(|status| STATUSES.contains(status));
        status.map(Self).ok_or("write 200, 201, 202 or 204")
    }
}

impl<'de> Deserialize<'de> for SuccessStatus {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        parsed(from)
    }
}

/// Rules `USER-AGENT[@NETWORK]=STATUS`, separated by commas. The first rule that matches is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SuccessRules(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// The whole user agent, or its beginning and `*`.
    user_agent: String,
    network: Option<IpNet>,
    status: SuccessStatus,
}

impl SuccessRules {
    /// Returns the status for a caller, if a rule matches.
    pub fn status(&self, user_agent: &str, address: Option<IpAddr>) -> Option<StatusCode> {
        // A listener for both families sees IPv4 inside IPv6.
        let address = address.map(|address| address.to_canonical());
        let fits = |rule: &&Rule| {
            rule.is_of(user_agent)
                && rule
                    .network
                    .is_none_or(|network| address.is_some_and(|address| network.contains(&address)))
        };
        self.0.iter().find(fits).map(|rule| rule.status.0)
    }
}

impl Rule {
    fn is_of(&self, user_agent: &str) -> bool {
        match self.user_agent.strip_suffix('*') {
            Some(beginning) => user_agent.starts_with(beginning),
            None => user_agent == self.user_agent,
        }
    }
}

impl FromStr for SuccessRules {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',')
            .map(str::trim)
            .filter(|rule| !rule.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |why: &str| format!("`{text}` is not a rule: {why}");
        let (caller, status) =
            text.rsplit_once('=').ok_or_else(|| refused("write USER-AGENT[@NETWORK]=STATUS"))?;
        let (user_agent, network) = match caller.rsplit_once('@') {
            Some((user_agent, network)) => (user_agent, Some(network)),
            None => (caller, None),
        };
        if user_agent.is_empty() {
            return Err(refused("write a user agent, or `*` for any user agent"));
        }
        Ok(Self {
            user_agent: user_agent.to_owned(),
            network: network.map(network_of).transpose().map_err(refused)?,
            status: status.parse().map_err(refused)?,
        })
    }
}

/// Reads a network, or one address.
fn network_of(text: &str) -> Result<IpNet, &'static str> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "write a network such as 10.42.0.0/16, or an address")
}
