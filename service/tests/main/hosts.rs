//! Patterns of hosts that a process may call.

use service::hosts::{HostPatterns, HostPort};
use workflow_api::glob::matches;

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
    for text in ["", ":7233", "host:", "host:0", "host:port", "http://host:80", "a b", "[::1", "host:1:2"] {
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
fn ranges_match_addresses() {
    let patterns: HostPatterns = "10.0.0.0/15:9090, 192.168.3.7/32, [fd00::/8]:1, fd01::/16".parse().unwrap();
    for (host, port) in
        [("10.0.255.255", 9090), ("10.1.0.0", 9090), ("192.168.3.7", 1), ("fdff::1", 1), ("fd01::2", 5)]
    {
        assert!(patterns.allow(&HostPort::new(host, port)), "{host}:{port}");
    }
    for (host, port) in [
        ("10.2.0.0", 9090),
        ("10.0.0.1", 80),
        ("192.168.3.6", 1),
        ("fe00::1", 1),
        ("fd02::2", 5),
        ("::ffff:10.0.0.1", 9090),
        ("10.0.0.0", 1),
    ] {
        assert!(!patterns.allow(&HostPort::new(host, port)), "{host}:{port}");
    }
    assert!("0.0.0.0/0".parse::<HostPatterns>().unwrap().allow(&HostPort::new("8.8.8.8", 1)));
    assert!(!"0.0.0.0/0".parse::<HostPatterns>().unwrap().allow(&HostPort::new("name", 1)));
}

#[test]
fn patterns_of_digits_match_no_names() {
    let patterns: HostPatterns = "10.0.*,1*".parse().unwrap();
    assert!(patterns.allow(&HostPort::new("10.0.0.1", 1)));
    for name in ["10.0.evil.org", "1x", "1.evil.org"] {
        assert!(!patterns.allow(&HostPort::new(name, 1)), "{name}");
    }
}

#[test]
fn wrong_patterns_are_named() {
    for text in ["http://host", "host:port", "a b", "10.0.0.0/33", "host/8", "fd00::/129", "/8"] {
        assert!(text.parse::<HostPatterns>().is_err_and(|error| error.contains(text)), "{text}");
    }
}

#[test]
fn a_star_stands_for_any_text() {
    for (pattern, text) in
        [("*", ""), ("a*", "a"), ("*a", "a"), ("a*b", "aéb"), ("a*b*c", "abbc"), ("*a*a", "aaa"), ("**", "x")]
    {
        assert!(matches(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in
        [("", "a"), ("a", "ab"), ("a*a", "a"), ("a*b*c", "acb"), ("*a*a", "a"), ("ab*ba", "aba")]
    {
        assert!(!matches(pattern, text), "{pattern} {text}");
    }
}
