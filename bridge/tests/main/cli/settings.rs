//! The settings of `bridge serve`.

use bridge::config::Settings;
use bridge_store::DatabaseUrl;
use clap::Parser;

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    settings: Settings,
}

fn settings(arguments: &[&str]) -> Result<Settings, String> {
    service::settings::try_parse_from::<Program>(std::iter::once(&"bridge").chain(arguments))
        .map(|program| program.settings)
        .map_err(|error| error.to_string())
}

#[test]
fn everything_has_a_default() {
    let settings = settings(&[]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:9095");
    assert_eq!(settings.database, DatabaseUrl::SqliteFile("bridge.db".into()));
}

#[test]
fn lingering_is_a_part_of_draining() {
    assert!(settings(&["--linger", "2s", "--drain", "2s"]).unwrap().check().is_ok());
    let error = settings(&["--linger", "1m", "--drain", "2s"]).unwrap().check().unwrap_err().to_string();
    assert!(error.contains("BRIDGE_LINGER (60s)") && error.contains("BRIDGE_DRAIN (2s)"), "{error}");
}

#[test]
fn a_wrong_setting_is_named() {
    for (flag, value, variable) in [
        ("--listen", "nowhere", "BRIDGE_LISTEN"),
        ("--database", "mysql://host", "BRIDGE_DATABASE"),
        ("--drain", "soon", "BRIDGE_DRAIN"),
        ("--linger", "soon", "BRIDGE_LINGER"),
        ("--max-requests", "many", "BRIDGE_MAX_REQUESTS"),
        ("--max-waits", "many", "BRIDGE_MAX_WAITS"),
        ("--max-changes", "many", "BRIDGE_MAX_CHANGES"),
        ("--max-reads", "many", "BRIDGE_MAX_READS"),
        ("--client-hosts", "http://host", "BRIDGE_CLIENT_HOSTS"),
        ("--start-timeout", "10", "BRIDGE_START_TIMEOUT"),
        ("--database-connections", "0", "BRIDGE_DATABASE_CONNECTIONS"),
        ("--client-check", "1", "BRIDGE_CLIENT_CHECK"),
        ("--key-retention", "1", "BRIDGE_KEY_RETENTION"),
        ("--success-status", "emcoctl", "BRIDGE_SUCCESS_STATUS"),
        ("--temporal-ui-url", "nowhere", "BRIDGE_TEMPORAL_UI_URL"),
        ("--wait", "x", "BRIDGE_WAIT"),
        ("--max-wait", "x", "BRIDGE_MAX_WAIT"),
        ("--targets", "/nowhere.toml", "BRIDGE_TARGETS"),
        ("--temporal-servers", "a b", "BRIDGE_TEMPORAL_SERVERS"),
        ("--user-header", "a b", "BRIDGE_USER_HEADER"),
        ("--trusted-proxies", "10.0.0.0/33", "BRIDGE_TRUSTED_PROXIES"),
        ("--anonymous-networks", "everywhere", "BRIDGE_ANONYMOUS_NETWORKS"),
        ("--escalation", "maybe", "BRIDGE_ESCALATION"),
        ("--client-hosts", ",", "BRIDGE_CLIENT_HOSTS"),
        ("--emco-url", "ftp://emco", "BRIDGE_EMCO_URL"),
    ] {
        let error = settings(&[flag, value]).unwrap_err();
        assert!(error.contains(variable), "{error}");
        // The URL of a database may hold a password.
        assert_eq!(error.contains(value), flag != "--database", "{error}");
    }
}
