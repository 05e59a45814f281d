//! Logins with named tokens, where no issuer has a login; and settings with which nobody could log in.

use std::process::Command;

use super::visitor::{Visitor, location, set_cookies};
use super::{ONE, Place, write};

#[tokio::test]
async fn a_named_token_logs_its_owner_in() {
    let (place, visitor) = (Place::with_tokens().await, Visitor::new());
    let page = visitor.get(&place.at("/login?return=/v2/session%22%3E%3Cb%3E")).await;
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(page.status(), 200);
    assert!(header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
    assert_eq!(
        (header("cache-control"), header("x-content-type-options"), header("referrer-policy")),
        ("no-store".to_owned(), "nosniff".to_owned(), "same-origin".to_owned())
    );
    let text = page.text().await.unwrap();
    assert!(text.contains("value=\"/v2/session&#34;&#62;&#60;b&#62;\""), "{text}");

    for form in ["token=three&return=/v2/session", "token=", "", "token=alice&token=one"] {
        let refused = visitor.post(&place.at("/login"), form).await;
        assert_eq!((refused.status().as_u16(), set_cookies(&refused).len()), (401, 0), "{form}");
        assert!(refused.text().await.unwrap().contains("role=\"alert\""), "{form}");
    }
    let done = visitor.post(&place.at("/login"), "token=%20one%0A&return=/v2/session").await;
    assert_eq!((done.status().as_u16(), location(&done)), (303, "/v2/session"));
    assert_eq!(set_cookies(&done), ["bridge-session=…; Path=/; Max-Age=900; HttpOnly; SameSite=Lax"]);
    let (status, view) = visitor.who(&place).await;
    assert_eq!((status, view["name"].as_str(), view["kind"].as_str()), (200, Some("alice"), Some("token")));
    let out = visitor.post(&place.at("/logout"), "").await;
    assert_eq!(location(&out), "/session");
    let denied = "login denied  the token is not known here";
    let mut expected = vec![denied; 4];
    expected.extend(["login succeeded alice", "logout succeeded alice"]);
    assert_eq!(place.events().await, expected);
}

#[tokio::test]
async fn many_wrong_tokens_are_counted_in_one_event() {
    let (place, visitor) = (Place::with_tokens().await, Visitor::new());
    for _ in 0..15 {
        assert_eq!(visitor.log_in(&place, "wrong").await.status(), 401);
    }
    assert_eq!(place.events().await.len(), 10);
}

#[tokio::test]
async fn a_callback_without_an_issuer_is_refused() {
    let (place, visitor) = (Place::with_tokens().await, Visitor::new());
    let answer = visitor.get(&place.at("/login/callback?code=a&state=b")).await;
    assert_eq!(answer.status(), 400);
    for path in ["/login", "/session"] {
        assert_eq!(visitor.get(&place.at(path)).await.status(), 200);
    }
    assert_eq!(visitor.get(&place.at("/logout")).await.status(), 405);
}

#[test]
fn settings_with_which_nobody_could_log_in_end_the_bridge() {
    let files = tempfile::tempdir().unwrap();
    write(files.path(), "keys", ONE);
    write(files.path(), "wrong", "key");
    let file = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let rights = crate::rights::everything().to_str().unwrap().to_owned();
    for (settings, words) in [
        (vec![("BRIDGE_SESSION_KEYS", file("keys"))], "--public-url"),
        (vec![("BRIDGE_PUBLIC_URL", "http://bridge.example".to_owned())], "only an address of this machine"),
        (vec![("BRIDGE_PUBLIC_URL", "https://bridge.example/path".to_owned())], "without a path"),
        (
            vec![
                ("BRIDGE_SESSION_KEYS", file("keys")),
                ("BRIDGE_PUBLIC_URL", "https://bridge.example".to_owned()),
            ],
            "BRIDGE_SESSION_KEYS is set, but nobody can log in: set BRIDGE_BEARER_TOKENS",
        ),
        (
            vec![
                ("BRIDGE_SESSION_KEYS", file("wrong")),
                ("BRIDGE_PUBLIC_URL", "https://bridge.example".to_owned()),
            ],
            "(BRIDGE_SESSION_KEYS) has no key of 32 bytes as Base64 in line 1; make one with `openssl rand -base64 32`",
        ),
    ] {
        let mut bridge = Command::new(env!("CARGO_BIN_EXE_bridge"));
        bridge.args([
            "serve",
            "--database",
            "sqlite::memory:",
            "--listen",
            "127.0.0.1:0",
            "--rights",
            &rights,
        ]);
        let output = bridge.envs(settings).output().unwrap();
        let log = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!output.status.success() && log.contains(words), "{words}: {log}");
    }
}
