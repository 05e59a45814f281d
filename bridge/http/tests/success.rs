//! Which callers get which status for a successful start.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use bridge_http::SuccessRules;

fn status(rules: &str, user_agent: &str, address: &str) -> Option<u16> {
    let rules: SuccessRules = rules.parse().unwrap();
    rules.status(user_agent, address.parse().ok()).map(|status| status.as_u16())
}

#[test]
fn the_first_rule_that_fits_counts() {
    let rules = "Go-http-client/*@10.42.0.0/16=201, go-resty/*=204, *@::1=200";
    for (user_agent, address, wanted) in [
        ("Go-http-client/1.1", "10.42.7.1", Some(201)),
        ("Go-http-client/1.1", "::ffff:10.42.7.1", Some(201)),
        ("Go-http-client/1.1", "10.43.7.1", None),
        ("Go-http-client/1.1", "", None),
        ("go-resty/2.7.0 (https://github.com/go-resty/resty)", "10.43.7.1", Some(204)),
        ("", "::1", Some(200)),
        ("curl/8", "127.0.0.1", None),
    ] {
        assert_eq!(status(rules, user_agent, address), wanted, "{user_agent} {address}");
    }
    assert_eq!(status("", "Go-http-client/1.1", "127.0.0.1"), None);
}

#[test]
fn networks_hold_what_begins_alike() {
    for (network, inside, outside) in [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
        ("0.0.0.0/0", "1.2.3.4", "::1"),
        ("fd00::/8", "fdff::1", "fe00::1"),
        ("::/0", "fd00::1", "10.0.0.1"),
    ] {
        assert_eq!(status(&format!("*@{network}=201"), "x", inside), Some(201), "{network} {inside}");
        assert_eq!(status(&format!("*@{network}=201"), "x", outside), None, "{network} {outside}");
    }
}

#[test]
fn other_texts_are_no_rules() {
    for text in ["Go", "=201", "Go=", "Go=404", "Go=200,x", "Go@=201", "Go@10.0.0.0/33=201", "Go@host=201"] {
        let error = text.parse::<SuccessRules>().unwrap_err();
        assert!(error.contains("is not a rule"), "{text}: {error}");
    }
}
