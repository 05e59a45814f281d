//! The settings of a registered server.

use std::io::Write;

use serde_json::{Value, json};
use temporal::{RegisteredTarget, TemporalSettingsError, TemporalTarget};

fn target(settings: Value) -> Result<TemporalTarget, TemporalSettingsError> {
    let settings: RegisteredTarget = serde_json::from_value(settings).unwrap();
    settings.target(|name| (name == "CLOUD_KEY").then(|| "hunter2\n".to_owned()))
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn an_address_is_enough() {
    let target = target(json!({"address": "temporal:7233"})).unwrap();
    assert_eq!((target.address(), target.namespace()), ("temporal:7233".to_owned(), "default"));
    assert!(format!("{target:?}").contains("tls: false"), "{target:?}");
}

#[test]
fn keys_and_tls_mean_https_and_do_not_show() {
    let key = file("hunter2\n");
    let pem = file("hunter2");
    for settings in [
        json!({"address": "cloud:7233", "namespaces": ["a", "b"], "api_key_env": "CLOUD_KEY"}),
        json!({"address": "cloud:7233", "namespaces": ["a"], "api_key_file": key.path()}),
        json!({"address": "https://cloud:7233", "namespaces": ["a"], "api_key_file": key.path(), "tls": {
            "client_cert_path": pem.path(), "client_key_path": pem.path(), "server_name": "temporal",
        }}),
    ] {
        let target = target(settings).unwrap();
        let text = format!("{target:?}");
        assert!(text.contains("https://cloud:7233/") && text.contains("api_key: true"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(target.namespace(), "a");
    }
}

#[test]
fn the_wrong_setting_is_named() {
    let empty = file("\n");
    for (settings, words) in [
        (json!({"address": "a b"}), "`a b`"),
        (json!({"address": "http://t", "api_key_env": "CLOUD_KEY"}), "an API key is set"),
        (json!({"address": "http://t", "tls": {}}), "TLS is set"),
        (json!({"address": "t", "api_key_env": "CLOUD_KEY", "api_key_file": "/x"}), "not both"),
        (json!({"address": "t", "api_key_env": "NO_SUCH"}), "NO_SUCH"),
        (json!({"address": "t", "api_key_file": "/nowhere/key"}), "/nowhere/key"),
        (json!({"address": "t", "api_key_file": empty.path()}), "api_key_file"),
        (json!({"address": "t", "tls": {"server_ca_cert_path": "/nowhere/ca"}}), "/nowhere/ca"),
        (json!({"address": "t", "tls": {"client_cert_path": empty.path()}}), "must be provided together"),
    ] {
        let text = service::chain(&target(settings.clone()).unwrap_err());
        assert!(text.contains(words) && !text.contains("hunter2"), "{settings}: {text}");
    }
}

#[test]
fn unknown_settings_are_refused_by_name() {
    let error = serde_json::from_value::<RegisteredTarget>(json!({"address": "t", "api_key": "hunter2"}));
    let text = error.unwrap_err().to_string();
    assert!(text.contains("api_key") && !text.contains("hunter2"), "{text}");
}
