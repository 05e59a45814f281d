//! API keys in files that change.

use harness::{Mount, eventually, under_load};
use serde_json::json;
use temporal::{RegisteredTarget, TemporalSettings};
use tokio::time::sleep;

use super::*;
use crate::tls::{NAME, WITHIN, authority, proxy};

/// The settings of a process.
fn configured(address: &str, files: &Mount) -> TemporalTarget {
    let path = |name: &str| files.path(name).to_str().unwrap().to_owned();
    let variables = [
        ("TEMPORAL_CONFIG_FILE", "/dev/null".to_owned()),
        ("TEMPORAL_ADDRESS", address.to_owned()),
        ("TEMPORAL_TLS_SERVER_NAME", NAME.to_owned()),
        ("TEMPORAL_TLS_SERVER_CA_CERT_PATH", path("ca.crt")),
        ("TEMPORAL_API_KEY_FILE", path("key")),
    ];
    let environment = variables.map(|(name, value)| (name.to_owned(), value)).into();
    TemporalSettings::default().target_in(environment).unwrap()
}

/// The settings of a registered server.
fn registered(address: &str, files: &Mount) -> TemporalTarget {
    let tls = json!({"server_name": NAME, "server_ca_cert_path": files.path("ca.crt")});
    let settings = json!({"address": address, "api_key_file": files.path("key"), "tls": tls});
    serde_json::from_value::<RegisteredTarget>(settings).unwrap().target(|_| None).unwrap()
}

/// Calls have each key over one connection.
async fn keys_are_sent(settings: fn(&str, &Mount) -> TemporalTarget) {
    let peer = Peer::start(false, |_, _| counted(7, OK)).await;
    let authority = authority();
    let address = proxy(&peer.address.to_string(), &authority, None).await;
    let files = |key: &'static str| [("ca.crt", authority.pem()), ("key", key.to_owned())];
    let mut mount = Mount::new(&files("0\n")).unwrap();
    let connection = TemporalConnection::new(settings(&address, &mount));
    let swaps = async {
        for key in ["1\n", "2", " 3 \n"] {
            mount.swap(&files(key)).unwrap();
            let sent = format!("Bearer {}", key.trim());
            let last = || peer.keys.lock().unwrap().last().cloned();
            eventually(WITHIN, "calls have the next key", async || last().is_some_and(|last| last == sent))
                .await;
        }
        // What cannot be used changes nothing.
        mount.swap(&files("two words")).unwrap();
        sleep(WITHIN).await;
    };
    under_load(async || assert_eq!(count(&connection).await.unwrap(), 7), swaps).await;
    assert_eq!(*peer.keys.lock().unwrap(), ["Bearer 0", "Bearer 1", "Bearer 2", "Bearer 3"]);
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn a_replaced_key_of_the_process_is_sent_over_the_open_connection() {
    Box::pin(keys_are_sent(configured)).await;
}

#[tokio::test]
async fn a_replaced_key_of_a_registered_server_is_sent_over_the_open_connection() {
    Box::pin(keys_are_sent(registered)).await;
}
