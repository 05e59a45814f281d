//! Which hosts a process may call, by patterns that operators set. Some addresses are always refused: see
//! [`outbound`](crate::outbound).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use workflow_api::glob::matches;

/// A host and a port, as a caller or an intent names them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// A name in lower case, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl HostPort {
    /// Returns a host and a port. The host may have brackets, be in any case, and end in the root's dot.
    pub fn new(host: &str, port: u16) -> Self {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let bare = bare.strip_suffix('.').unwrap_or(bare);
        Self { host: bare.to_ascii_lowercase(), port }
    }

    /// Reads `host`, `host:port` or `[address]:port`. Returns `None` for anything else.
    pub fn parse(text: &str, default_port: u16) -> Option<Self> {
        let (host, port) = split_port(text);
        let port = port.map_or(Some(default_port), |port| port.parse().ok().filter(|port| *port > 0))?;
        let parsed = Self::new(host, port);
        workflow_api::rules::is_host(&parsed.host).then_some(parsed)
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The port is what follows the last colon, unless the colons belong to a bare IPv6 address.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => (host, Some(port)),
        _ => (text, None),
    }
}

/// Patterns of hosts, separated by commas: `*` for any text in a name, ranges of addresses, a port if only that one is
/// meant (`*.emco.svc:9090, 10.0.0.0/16, 10.1.*, [::1]:7233, [fd00::/8]:9090`). Ranges, and patterns of digits, match
/// hosts that are given as addresses, and no names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostPatterns(Vec<HostPattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct HostPattern {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    /// `*` stands for any text.
    Glob(String),
    /// A glob that matches addresses only: `10.0.*` must not match `10.0.evil.org`.
    AddressGlob(String),
    Range(IpNet),
}

impl HostPatterns {
    /// Whether there is none, so that no host matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of the patterns matches.
    pub fn allow(&self, target: &HostPort) -> bool {
        let address = target.host.parse::<IpAddr>().ok();
        self.0.iter().any(|pattern| {
            pattern.port.is_none_or(|port| port == target.port)
                && match &pattern.hosts {
                    Hosts::Glob(glob) => matches(glob, &target.host),
                    Hosts::AddressGlob(glob) => address.is_some() && matches(glob, &target.host),
                    Hosts::Range(range) => address.is_some_and(|address| range.contains(&address)),
                }
        })
    }
}

impl FromStr for HostPatterns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let patterns = text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty());
        Ok(Self(patterns.map(HostPattern::read).collect::<Result<_, _>>()?))
    }
}

impl HostPattern {
    fn read(text: &str) -> Result<Self, String> {
        let refused = || {
            format!(
                "`{text}` is no pattern: write a host with `*` for any text or a range of addresses (10.0.0.0/16), \
                 and a port if one is meant"
            )
        };
        let (host, port) = split_port(text);
        let port = port.map(|port| port.parse().map_err(|_| refused())).transpose()?;
        let host = HostPort::new(host, 0).host;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '*');
        let hosts = if host.contains('/') {
            Hosts::Range(host.parse().map_err(|_| refused())?)
        } else if host.is_empty() || !host.chars().all(plain) {
            return Err(refused());
        } else if host.starts_with(|c: char| c.is_ascii_digit())
            && host.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '*'))
        {
            Hosts::AddressGlob(host)
        } else {
            Hosts::Glob(host)
        };
        Ok(Self { hosts, port })
    }
}
