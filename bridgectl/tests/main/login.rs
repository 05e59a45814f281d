//! `login` and `logout`, with a real browser at a real issuer.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;

use harness::{Browser, Process, eventually, free_port, http, oidc_provider_for};

use crate::scene::{Alone, Ctl, SOON, ended};

/// An issuer, a bridge that trusts it, and a context for both.
struct Place {
    ctl: Ctl,
    issuer: String,
    _running: (Process, Alone),
}

impl Place {
    async fn new() -> Self {
        let port = free_port();
        let issuer = format!("http://127.0.0.1:{port}");
        let mut provider = oidc_provider_for(port, "key", &["http://127.0.0.1:1"]).unwrap().spawn().unwrap();
        provider.wait_ready(&format!("{issuer}/.well-known/openid-configuration")).await.unwrap();
        let ctl = Ctl::new();
        let issuers =
            format!("[[issuer]]\nname = \"corp\"\nissuer = \"{issuer}\"\naudience = \"urn:emco:bridge\"\n");
        let rights = "[[binding]]\nname = \"all\"\nrole = \"viewer\"\nscope = \"**\"\n\
                      subjects = [{ user = \"alice\", issuer = \"corp\" }]\n";
        let (issuers, rights) = (ctl.file("issuers.toml", &issuers), ctl.file("rights.toml", rights));
        let bridge = Alone::start(&ctl, &["--issuers", &issuers, "--rights", &rights]).await;
        // A browser that only notes what it is to open.
        let browser =
            ctl.file("browser", &format!("#!/bin/sh\necho \"$1\" > {}/opened\n", ctl.home().display()));
        std::fs::set_permissions(&browser, PermissionsExt::from_mode(0o755)).unwrap();
        let ctl = ctl.with("BROWSER", &browser);
        let of = ["--issuer", &issuer, "--client-id", "native", "--login-resource", "urn:emco:bridge"];
        ctl.ok(&[&["context", "set", "lab", "--url", &bridge.url, "--login-scope", "openid call"], &of[..]]
            .concat());
        Self { ctl, issuer, _running: (provider, bridge) }
    }

    fn tokens(&self) -> std::path::PathBuf {
        self.ctl.home().join(".config/bridgectl/logins/lab.toml")
    }

    /// Lets the access token end.
    fn end(&self) {
        let text = std::fs::read_to_string(self.tokens()).unwrap();
        let lines = text.lines().map(|line| match line.starts_with("expires") {
            true => "expires = \"2026-01-02T03:04:05Z\"\n".to_owned(),
            false => format!("{line}\n"),
        });
        std::fs::write(self.tokens(), lines.collect::<String>()).unwrap();
    }
}

/// Does what the issuer's pages ask for, until one has these words.
async fn log_in(browser: &Browser, name: &str, words: &str) {
    eventually(SOON, words, async || {
        let text = browser.text().await.unwrap_or_default();
        if text.contains(words) {
            return Ok(());
        }
        if browser.fill("input[name=login]", name).await.is_ok() {
            browser.fill("input[name=password]", "x").await.unwrap();
        }
        let _ = browser.click("button[type=submit]").await;
        Err(text)
    })
    .await;
}

#[tokio::test]
async fn a_person_logs_in_with_the_browser_of_the_machine() {
    let place = Place::new().await;
    let ctl = &place.ctl;
    assert!(ctl.fails(5, &["auth", "whoami"]).contains("run `bridgectl login`"));
    let login = ctl.spawn(&["login"]);
    let opened = ctl.home().join("opened");
    let url = eventually(SOON, "a browser is opened", async || {
        std::fs::read_to_string(&opened).ok().filter(|url| url.ends_with('\n'))
    });
    let url = url.await;
    // What has not begun here does not end it.
    let port = url.split("127.0.0.1%3A").nth(1).unwrap().split("%2F").next().unwrap().to_owned();
    let other =
        http().get(format!("http://127.0.0.1:{port}/callback?state=other&code=x")).send().await.unwrap();
    assert_eq!(other.status(), 400);
    let browser = Browser::start().await.unwrap();
    browser.open(url.trim()).await.unwrap();
    log_in(&browser, "alice", "You can close this window").await;
    let login = ended(login);
    assert_eq!((login.code, login.out.as_str()), (0, "logged in as alice\n"), "{login:?}");
    assert_eq!(ctl.ok(&["auth", "whoami", "-o", "name"]), "alice\n");
    let mode = std::fs::metadata(place.tokens()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!ctl.ok(&["context", "list", "-o", "json"]).contains("token"), "tokens are not in the contexts");

    // It is renewed, once, also if several commands find that it has ended.
    place.end();
    let several: Vec<_> = (0..3).map(|_| ctl.spawn(&["auth", "whoami", "-o", "name"])).collect();
    for one in several.into_iter().map(ended) {
        assert_eq!((one.code, one.out.as_str()), (0, "alice\n"), "{one:?}");
    }
    // The issuer has the last word.
    http().post(format!("{}/gone/alice", place.issuer)).send().await.unwrap();
    place.end();
    assert!(ctl.fails(5, &["auth", "whoami"]).contains("the login is over"));
    assert_eq!(ctl.ok(&["logout"]), "logged out\n");
    assert!(!place.tokens().exists());
    assert_eq!(ctl.ok(&["logout"]), "nobody was logged in\n");
}

#[tokio::test]
async fn a_person_logs_in_with_a_browser_elsewhere() {
    let place = Place::new().await;
    let ctl = &place.ctl;
    let mut login = ctl.spawn(&["login", "--device"]);
    let mut lines = BufReader::new(login.stderr.take().unwrap()).lines().map(Result::unwrap);
    let url = lines.find_map(|line| line.strip_prefix("or open ").map(str::to_owned)).unwrap();
    let browser = Browser::start().await.unwrap();
    browser.open(&url).await.unwrap();
    log_in(&browser, "alice", "Sign-in Success").await;
    let login = ended(login);
    assert_eq!((login.code, login.out.as_str()), (0, "logged in as alice\n"), "{login:?}");
    // Another issuer or client has another login.
    ctl.ok(&["context", "set", "lab", "--client-id", "another"]);
    assert!(ctl.fails(5, &["auth", "whoami"]).contains("you are not logged in"));
    ctl.ok(&["context", "set", "lab", "--client-id", "native"]);
    assert_eq!(ctl.ok(&["auth", "whoami", "-o", "name"]), "alice\n");
    ctl.ok(&["context", "delete", "lab"]);
    assert!(!place.tokens().exists());
}

#[tokio::test]
async fn a_login_needs_an_issuer() {
    let ctl = Ctl::new();
    ctl.ok(&["context", "set", "lab", "--url", "http://127.0.0.1:1"]);
    assert!(ctl.fails(2, &["login"]).contains("--issuer URL --client-id ID"));
    ctl.ok(&["context", "set", "lab", "--issuer", "http://login.example.org", "--client-id", "native"]);
    assert!(ctl.fails(2, &["login"]).contains("must begin with https://"));
    let away = format!("http://127.0.0.1:{}", free_port());
    ctl.ok(&["context", "set", "lab", "--issuer", &away]);
    assert!(ctl.fails(8, &["login"]).contains("cannot be asked"));
}
