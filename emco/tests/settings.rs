//! Settings that cannot be used.

use emco::{BuildError, Client, Settings, Token};

#[test]
fn a_wrong_base_url_is_refused_with_the_reason() {
    for (base, why) in [
        ("orchestrator:9015", "http:// or https://"),
        ("/v2", "is not a URL"),
        ("ftp://emco", "http:// or https://"),
        ("http://admin:secret@emco", "give a token"),
        ("http://emco?x=y", "without `?`"),
    ] {
        let error = Client::new(base, Settings::default()).unwrap_err().to_string();
        assert!(error.contains(why) && !error.contains("secret"), "{base}: {error}");
    }
}

#[test]
fn bad_roots_and_tokens_are_refused_at_once() {
    let pem = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n".to_vec();
    let settings = Settings { roots: Some(pem), ..Settings::default() };
    assert!(matches!(Client::new("https://emco", settings), Err(BuildError::Roots(_) | BuildError::Http(_))));
    let settings = Settings { token: Some("a\nb".to_owned().into()), ..Settings::default() };
    assert!(matches!(Client::new("https://emco", settings), Err(BuildError::Token)));
}

#[test]
fn a_token_is_not_printed() {
    let settings = Settings { token: Some(Token::from("hunter2".to_owned())), ..Settings::default() };
    assert!(!format!("{settings:?}").contains("hunter2"));
}
