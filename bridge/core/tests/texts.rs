//! The types of the use cases as text.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bridge_core::ports::PageToken;
use bridge_core::{Actor, Position, Proof};

#[test]
fn an_actor_acts_through_the_bridge() {
    assert_eq!(Actor::default().via("bridge@host:1"), "bridge@host:1");
    assert_eq!(Actor::new(" alice\n", Proof::Proxy).via("bridge@host:1"), "alice via bridge@host:1");
    assert_eq!(Actor::default().to_string(), "anonymous");
}

#[test]
fn long_names_are_cut() {
    assert_eq!(Actor::new("ä".repeat(1000), Proof::Token).label().chars().count(), 200);
}

#[test]
fn a_page_token_survives_as_text() {
    let token = PageToken { run_id: "run".into(), reverse: true, event_id: 7, within: vec![0, 255] };
    let text = token.to_string();
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
    assert_eq!(text.parse::<PageToken>().unwrap(), token);
}

#[test]
fn other_texts_are_no_page_tokens() {
    let broken = BASE64_URL_SAFE_NO_PAD.encode(r#"{"r":"run","v":true,"e":7,"t":"%"}"#);
    for text in ["", "x", "e30", &broken] {
        assert!(text.parse::<PageToken>().is_err(), "{text}");
    }
}

#[test]
fn positions_survive_as_text() {
    for text in ["run/7", "run/7/closed"] {
        assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
    }
    for text in ["", "7", "/7", "run/", "run/-1", "run/x", "run/7/open", "run/99999999999"] {
        assert!(text.parse::<Position>().is_err(), "{text}");
    }
}
