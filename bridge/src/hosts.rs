//! Which hosts the bridge may dial: patterns that operators set, and addresses that are refused whatever they set.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A host and a port, as a caller or an intent names them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// A name in lower case, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl HostPort {
    /// A host and a port; the host may be bracketed, in any case, and end in the root's dot.
    pub fn new(host: &str, port: u16) -> Self {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let bare = bare.strip_suffix('.').unwrap_or(bare);
        Self { host: bare.to_ascii_lowercase(), port }
    }

    /// Reads `host`, `host:port` or `[address]:port`; `None` where it is none of these.
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

/// Patterns of hosts, separated by commas: `*` for any text in a name, a port where only that one is meant
/// (`*.emco.svc:9090, 10.0.*, [::1]:7233`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostPatterns(Vec<HostPattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct HostPattern {
    host: String,
    port: Option<u16>,
}

impl HostPatterns {
    /// Whether one of the patterns matches.
    pub fn allow(&self, target: &HostPort) -> bool {
        self.0.iter().any(|pattern| {
            pattern.port.is_none_or(|port| port == target.port) && matches(&pattern.host, &target.host)
        })
    }
}

impl FromStr for HostPatterns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty()).map(HostPattern::read).collect()
    }
}

impl FromIterator<HostPattern> for HostPatterns {
    fn from_iter<I: IntoIterator<Item = HostPattern>>(patterns: I) -> Self {
        Self(patterns.into_iter().collect())
    }
}

impl HostPattern {
    fn read(text: &str) -> Result<Self, String> {
        let refused = || {
            format!(
                "`{text}` is no pattern: write a host with `*` for any text, and a port where one is meant"
            )
        };
        let (host, port) = split_port(text);
        let port = port.map(|port| port.parse().map_err(|_| refused())).transpose()?;
        let host = HostPort::new(host, 0).host;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '*');
        if host.is_empty() || !host.chars().all(plain) { Err(refused()) } else { Ok(Self { host, port }) }
    }
}

/// Whether `text` is `pattern`, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len()).filter(|at| tail.is_char_boundary(*at)).any(|at| matches(rest, &tail[at..]))
        }),
    }
}

/// Whether nobody may make the bridge dial `address`: link-local addresses (where clouds keep their credentials), other
/// well-known metadata addresses, and those that name no single host. IPv4 inside IPv6 counts as IPv4.
pub fn is_forbidden(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_forbidden_v4(address),
        IpAddr::V6(address) => is_forbidden_v6(address) || embedded_v4(address).is_some_and(is_forbidden_v4),
    }
}

fn is_forbidden_v4(address: Ipv4Addr) -> bool {
    /// Alibaba's and Oracle's metadata services, which are not link-local.
    const METADATA: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
    address.is_link_local()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_broadcast()
        || METADATA.contains(&address)
}

fn is_forbidden_v6(address: Ipv6Addr) -> bool {
    /// Amazon's metadata service.
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    address.is_unicast_link_local()
        || address.is_unspecified()
        || address.is_multicast()
        || address == METADATA
}

/// The IPv4 address that an IPv6 address leads to: mapped, compatible, NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            (address != Ipv6Addr::LOCALHOST).then(|| v4(high, low))
        }
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_with_and_without_port() {
        for (text, host, port) in [
            ("temporal", "temporal", 7233),
            ("Temporal.EMCO.svc.:80", "temporal.emco.svc", 80),
            ("192.168.0.33:7233", "192.168.0.33", 7233),
            ("[::1]:7234", "::1", 7234),
            ("::1", "::1", 7233),
        ] {
            assert_eq!(HostPort::parse(text, 7233), Some(HostPort { host: host.to_owned(), port }), "{text}");
        }
        for text in ["", ":7233", "host:", "host:0", "host:port", "http://host:80", "a b", "[::1", "host:1:2"]
        {
            assert_eq!(HostPort::parse(text, 7233), None, "{text}");
        }
    }

    #[test]
    fn patterns_match_hosts_and_ports() {
        let patterns: HostPatterns = "*.emco.svc:9090, 10.0.*,client, [::1]:1".parse().unwrap();
        for (host, port) in
            [("a.emco.svc", 9090), ("A.b.EMCO.svc.", 9090), ("10.0.0.1", 1), ("client", 7), ("::1", 1)]
        {
            assert!(patterns.allow(&HostPort::new(host, port)), "{host}:{port}");
        }
        for (host, port) in [
            ("a.emco.svc", 80),
            ("emco.svc", 9090),
            ("a.emco.svc.evil.org", 9090),
            ("10.1.0.0", 1),
            ("clients", 7),
            ("::1", 2),
        ] {
            assert!(!patterns.allow(&HostPort::new(host, port)), "{host}:{port}");
        }
        assert!("*".parse::<HostPatterns>().unwrap().allow(&HostPort::new("any", 1)));
        assert!(!"".parse::<HostPatterns>().unwrap().allow(&HostPort::new("any", 1)));
    }

    #[test]
    fn wrong_patterns_are_named() {
        for text in ["http://host", "host:port", "a b"] {
            assert!(text.parse::<HostPatterns>().is_err_and(|error| error.contains(text)), "{text}");
        }
    }

    #[test]
    fn metadata_addresses_are_forbidden_in_every_form() {
        for text in [
            "169.254.169.254",
            "169.254.0.1",
            "100.100.100.200",
            "192.0.0.192",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
        ] {
            assert!(is_forbidden(text.parse().unwrap()), "{text}");
        }
        for text in [
            "127.0.0.1",
            "10.0.0.1",
            "192.168.0.33",
            "8.8.8.8",
            "::1",
            "fd00::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_forbidden(text.parse().unwrap()), "{text}");
        }
    }
}
