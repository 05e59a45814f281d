//! The settings of a process: flags, variables, the TOML profile.

use std::io::Write;

use temporal::{TemporalSettings, TemporalSettingsError, TemporalTarget};

/// The target in an environment without a profile, whatever this machine has.
fn target(variables: &[(&str, &str)]) -> Result<TemporalTarget, TemporalSettingsError> {
    target_with("", variables)
}

fn target_with(toml: &str, variables: &[(&str, &str)]) -> Result<TemporalTarget, TemporalSettingsError> {
    let mut profile = tempfile::NamedTempFile::new().unwrap();
    profile.write_all(toml.as_bytes()).unwrap();
    let file = ("TEMPORAL_CONFIG_FILE", profile.path().to_str().unwrap());
    let variables = [file]
        .iter()
        .chain(variables)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    TemporalSettings::default().target_in(variables)
}

fn refusal(variables: &[(&str, &str)]) -> String {
    service::chain(&target(variables).unwrap_err())
}

#[test]
fn the_default_is_the_local_server() {
    let target = target(&[]).unwrap();
    assert_eq!((target.address(), target.namespace()), ("localhost:7233".to_owned(), "default"));
}

#[test]
fn emcos_variables_come_before_the_sdks() {
    let sdk = ("TEMPORAL_ADDRESS", "other:7233");
    for (variables, address) in [
        (vec![("TEMPORAL_SERVER", "temporal")], "temporal:7233"),
        (vec![("TEMPORAL_SERVER", "temporal"), sdk], "temporal:7233"),
        (vec![("TEMPORAL_SERVER", "temporal"), ("TEMPORAL_PORT", "7234")], "temporal:7234"),
        (vec![("TEMPORAL_SERVER", "temporal:7235"), ("TEMPORAL_PORT", "7234")], "temporal:7235"),
        (vec![("TEMPORAL_SERVER", "temporal"), ("TEMPORAL_PORT", "tcp://10.0.0.1:7236")], "temporal:7236"),
        (vec![("TEMPORAL_SERVER", ""), sdk], "other:7233"),
        (vec![("TEMPORAL_PORT", "7234"), sdk], "other:7233"),
    ] {
        assert_eq!(target(&variables).unwrap().address(), address, "{variables:?}");
    }
}

#[test]
fn flags_come_before_all_variables() {
    let settings =
        TemporalSettings { address: Some("flag:1".to_owned()), namespace: Some("flagged".to_owned()) };
    let variables = [("TEMPORAL_SERVER", "temporal"), ("TEMPORAL_NAMESPACE", "other")];
    let target = settings
        .target_in(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
        .unwrap();
    assert_eq!((target.address(), target.namespace()), ("flag:1".to_owned(), "flagged"));
}

#[test]
fn the_profile_is_read_and_variables_come_before_it() {
    let toml =
        "[profile.default]\naddress = \"cloud.example:7233\"\nnamespace = \"from-file\"\napi_key = \"k\"\n";
    let target = target_with(toml, &[("TEMPORAL_NAMESPACE", "from-environment")]).unwrap();
    assert_eq!((target.address(), target.namespace()), ("cloud.example:7233".to_owned(), "from-environment"));
    let text = format!("{target:?}");
    assert!(text.contains("https://cloud.example:7233/") && text.contains("api_key: true"), "{text}");
}

#[test]
fn no_secret_shows_in_debug_text() {
    let target = target(&[
        ("TEMPORAL_ADDRESS", "cloud.example:7233"),
        ("TEMPORAL_API_KEY", "hunter2"),
        ("TEMPORAL_GRPC_META_X_TOKEN", "hunter2"),
        ("TEMPORAL_TLS_CLIENT_CERT_DATA", "hunter2"),
        ("TEMPORAL_TLS_CLIENT_KEY_DATA", "hunter2"),
    ]);
    let text = format!("{:?}", target.unwrap());
    assert!(!text.contains("hunter2") && text.contains("client_certificate: true"), "{text}");
}

#[test]
fn secrets_require_tls() {
    let address = ("TEMPORAL_ADDRESS", "http://temporal:7233");
    for (name, value) in
        [("TEMPORAL_API_KEY", "hunter2"), ("TEMPORAL_TLS", "true"), ("TEMPORAL_TLS_SERVER_NAME", "t")]
    {
        let text = refusal(&[address, (name, value)]);
        assert!(text.contains("without TLS") && !text.contains("hunter2"), "{name}: {text}");
    }
    let text = refusal(&[("TEMPORAL_API_KEY", "hunter2"), ("TEMPORAL_TLS", "false")]);
    assert!(text.contains("without TLS"), "{text}");
    // Without a scheme, and without an address at all, TLS decides.
    assert!(
        format!("{:?}", target(&[("TEMPORAL_API_KEY", "k")]).unwrap()).contains("https://localhost:7233/")
    );
}

#[test]
fn an_api_key_in_a_file_requires_tls_and_comes_before_that_of_the_profile() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), " hunter2\n").unwrap();
    let path = ("TEMPORAL_API_KEY_FILE", file.path().to_str().unwrap());
    let text = format!("{:?}", target(&[path]).unwrap());
    assert!(text.contains("https://localhost:7233/") && text.contains("api_key: true"), "{text}");
    target_with("[profile.default]\napi_key = \"k\"\n", &[path]).unwrap();
    let text = refusal(&[path, ("TEMPORAL_ADDRESS", "http://temporal:7233")]);
    assert!(text.contains("without TLS"), "{text}");
    let text = refusal(&[path, ("TEMPORAL_API_KEY", "k")]);
    assert!(text.contains("not both"), "{text}");
    std::fs::write(file.path(), "hunter2 hunter2").unwrap();
    let text = refusal(&[path]);
    assert!(text.contains("(TEMPORAL_API_KEY_FILE) holds no token") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_missing_profile_is_an_error() {
    let text = refusal(&[("TEMPORAL_CONFIG_FILE", "/nowhere/temporal.toml")]);
    assert!(text.contains("TEMPORAL_CONFIG_FILE") && text.contains("/nowhere/temporal.toml"), "{text}");
}

#[test]
fn a_broken_profile_does_not_show_its_keys() {
    let error = target_with("[profile.default]\napi_key = hunter2\n", &[]).unwrap_err();
    assert!(error.to_string().contains("line 2") && !error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn the_wrong_setting_is_named() {
    for (variables, words) in [
        (vec![("TEMPORAL_SERVER", "temporal"), ("TEMPORAL_PORT", "seven")], "TEMPORAL_PORT"),
        (vec![("TEMPORAL_SERVER", "tem poral")], "TEMPORAL_SERVER"),
        (vec![("TEMPORAL_ADDRESS", "ftp://temporal")], "TEMPORAL_ADDRESS"),
        (vec![("TEMPORAL_PROFILE", "nobody")], "nobody"),
        (vec![("TEMPORAL_TLS_SERVER_CA_CERT_PATH", "/nowhere/ca.pem")], "/nowhere/ca.pem"),
        (vec![("TEMPORAL_API_KEY_FILE", "/nowhere/key")], "/nowhere/key"),
        (vec![("TEMPORAL_TLS_CLIENT_CERT_DATA", "pem")], "key"),
        (vec![("TEMPORAL_CODEC_ENDPOINT", "http://codec")], "TEMPORAL_CODEC_ENDPOINT"),
        (vec![("TEMPORAL_TLS_DISABLE_HOST_VERIFICATION", "true")], "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION"),
        (vec![("TEMPORAL_ADDRESS", "https://temporal"), ("TEMPORAL_TLS", "false")], "TEMPORAL_TLS"),
    ] {
        let text = refusal(&variables);
        assert!(text.contains(words), "{variables:?}: {text}");
    }
}
