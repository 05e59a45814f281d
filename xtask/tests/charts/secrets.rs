//! A secret is missing in a pod: the program names it and ends.

use std::time::Duration;

use harness::{Process, program};

const LIMIT: Duration = Duration::from_secs(30);

/// The file of a missing Secret.
const MISSING: &str = "/nowhere/secret";

/// A file that exists. Files are read before they are parsed.
const THERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

/// A program, a variable that names a file of a Secret, and other variables that it needs.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const CASES: [Case; 29] = [
    ("bridge", "BRIDGE_EMCO_TOKEN_FILE", &[("BRIDGE_EMCO_URL", "http://emco")]),
    ("bridge", "BRIDGE_EMCO_CA_FILE", &[("BRIDGE_EMCO_URL", "http://emco")]),
    ("bridge", "BRIDGE_TLS_CERTIFICATE", &[("BRIDGE_TLS_KEY", THERE)]),
    ("bridge", "BRIDGE_TLS_KEY", &[("BRIDGE_TLS_CERTIFICATE", THERE)]),
    ("bridge", "BRIDGE_TLS_CLIENT_CA", &[("BRIDGE_TLS_CERTIFICATE", THERE), ("BRIDGE_TLS_KEY", THERE)]),
    (
        "bridge",
        "BRIDGE_TLS_CLIENT_CRL",
        &[("BRIDGE_TLS_CERTIFICATE", THERE), ("BRIDGE_TLS_KEY", THERE), ("BRIDGE_TLS_CLIENT_CA", THERE)],
    ),
    ("bridge", "BRIDGE_BEARER_TOKENS", &[]),
    ("bridge", "BRIDGE_ISSUERS", &[]),
    ("bridge", "BRIDGE_RIGHTS", &[]),
    ("bridge", "BRIDGE_RIGHTS_POLICIES", &[("BRIDGE_RIGHTS", THERE)]),
    ("bridge", "BRIDGE_TARGETS", &[]),
    ("bridge", "BRIDGE_CLIENTS", &[]),
    ("bridge", "BRIDGE_NOTIFY", &[]),
    ("bridge", "TEMPORAL_TLS_SERVER_CA_CERT_PATH", &[("TEMPORAL_TLS", "true")]),
    ("bridge", "TEMPORAL_TLS_CLIENT_CERT_PATH", &[("TEMPORAL_TLS_CLIENT_KEY_PATH", THERE)]),
    ("bridge", "TEMPORAL_API_KEY_FILE", &[]),
    // A Secret with an empty value.
    ("bridge", "BRIDGE_DATABASE", &[]),
    ("sample-client", "CLIENT_TLS_CERTIFICATE", &[("CLIENT_TLS_KEY", THERE)]),
    (
        "sample-client",
        "CLIENT_TLS_CLIENT_CA",
        &[("CLIENT_TLS_CERTIFICATE", THERE), ("CLIENT_TLS_KEY", THERE)],
    ),
    (
        "sample-client",
        "CLIENT_TLS_CLIENT_CRL",
        &[("CLIENT_TLS_CERTIFICATE", THERE), ("CLIENT_TLS_KEY", THERE), ("CLIENT_TLS_CLIENT_CA", THERE)],
    ),
    ("sample-client", "CLIENT_BEARER_TOKENS", &[]),
    ("sample-client", "CLIENT_ISSUERS", &[]),
    ("sample-client", "TEMPORAL_TLS_SERVER_CA_CERT_PATH", &[("TEMPORAL_TLS", "true")]),
    ("sample-client", "TEMPORAL_API_KEY_FILE", &[]),
    ("sample-worker", "TEMPORAL_API_KEY_FILE", &[]),
    ("sample-worker", "EMCO_TOKEN_FILE", &[("EMCO_URLS", "http://emco")]),
    ("sample-worker", "EMCO_CA_FILE", &[]),
    ("sample-worker", "EMCO_CERT_FILE", &[("EMCO_KEY_FILE", THERE), ("EMCO_URLS", "http://emco")]),
    ("sample-worker", "TEMPORAL_TLS_SERVER_CA_CERT_PATH", &[("TEMPORAL_TLS", "true")]),
];

#[tokio::test]
async fn a_program_names_the_secret_that_it_lacks_and_ends() {
    for (name, variable, others) in CASES {
        let mut process = Process::builder(program(name).unwrap());
        if name == "bridge" {
            process = process
                .arg("serve")
                .env("BRIDGE_DATABASE", "sqlite::memory:")
                .env("BRIDGE_LISTEN", "127.0.0.1:0");
        }
        for (other, value) in others {
            process = process.env(other, value);
        }
        let value = if variable == "BRIDGE_DATABASE" { "" } else { MISSING };
        let mut process = process.env(variable, value).spawn().unwrap();
        let status = process.wait_exit(LIMIT).await.unwrap();
        let log = process.log();
        assert!(!status.success(), "{name} without {variable}: {log}");
        // The SDK has several variables for one setting.
        let named = if variable.starts_with("TEMPORAL_TLS") { "TEMPORAL_TLS_*_PATH" } else { variable };
        assert!(log.contains(named) && log.contains(value), "{name} without {variable}: {log}");
    }
}
