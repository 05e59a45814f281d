//! Logins with a real browser, over TLS, at two replicas.

use std::path::Path;
use std::time::Duration;

use harness::{Browser, PostgreSql, Process, eventually, free_port};
use rcgen::generate_simple_self_signed;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{ONE, Place, entry, provider, write};
use crate::api::SOON;
use crate::rights::everything;

/// How long a logout may take until it holds everywhere.
const LOGOUT: Duration = Duration::from_secs(2);

/// Keeps what a page looks like for whoever wants to see it.
pub(crate) async fn keep(browser: &Browser, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    browser.screenshot(&folder.join(format!("{name}.png"))).await.unwrap();
}

/// Starts a replica over TLS, and returns its URL.
async fn replica(port: u16, database: &str, files: &TempDir) -> Process {
    let file = |name: &str| files.path().join(name);
    let mut replica = Process::builder(env!("CARGO_BIN_EXE_bridge"))
        .arg("serve")
        .env("BRIDGE_LISTEN", format!("127.0.0.1:{port}"))
        .env("BRIDGE_DATABASE", database)
        .env("BRIDGE_TLS_CERTIFICATE", file("tls.crt"))
        .env("BRIDGE_TLS_KEY", file("tls.key"))
        .env("BRIDGE_ISSUERS", file("issuers.toml"))
        .env("BRIDGE_RIGHTS", everything())
        .env("BRIDGE_PUBLIC_URL", format!("https://localhost:{port}"))
        .env("BRIDGE_SESSION_KEYS", file("keys"))
        .env("TEMPORAL_ADDRESS", "127.0.0.1:1")
        .spawn()
        .unwrap();
    let ready = async || match replica.exit_status().unwrap() {
        Some(status) => panic!("{status}: {}", replica.log()),
        None => tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok(),
    };
    eventually(Duration::from_secs(60), "the replica listens", ready).await;
    replica
}

/// Two replicas at one issuer.
struct Replicas {
    urls: [String; 2],
    _running: (Process, Process, Process, TempDir),
}

impl Replicas {
    async fn start() -> Self {
        let (files, ports) = (tempfile::tempdir().unwrap(), [free_port(), free_port()]);
        let issuer_port = free_port();
        let urls = ports.map(|port| format!("https://localhost:{port}"));
        let issuer = provider(issuer_port, &[&urls[0], &urls[1]]).await;
        let certificate = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        write(files.path(), "tls.crt", &certificate.cert.pem());
        write(files.path(), "tls.key", &certificate.signing_key.serialize_pem());
        write(files.path(), "keys", ONE);
        write(files.path(), "issuers.toml", &entry(&format!("http://127.0.0.1:{issuer_port}"), files.path()));
        let database = PostgreSql::shared().await.unwrap().database().await.unwrap();
        let one = replica(ports[0], &database, &files).await;
        let two = replica(ports[1], &database, &files).await;
        Self { urls, _running: (issuer, one, two, files) }
    }
}

async fn text(browser: &Browser, url: &str) -> String {
    browser.open(url).await.unwrap();
    browser.text().await.unwrap()
}

#[tokio::test]
async fn a_person_logs_in_and_is_out_everywhere_after_the_logout() {
    let replicas = Replicas::start().await;
    let [one, two] = replicas.urls.clone().map(|url| format!("{url}/session"));
    let browser = Browser::start().await.unwrap();
    assert!(text(&browser, &one).await.contains("You are not logged in."));
    keep(&browser, "nobody").await;
    browser.click("a.button").await.unwrap();
    browser.fill("[name=login]", "alice").await.unwrap();
    browser.fill("[name=password]", "any").await.unwrap();
    browser.click("[type=submit]").await.unwrap();
    // The issuer asks whether the bridge may know the name.
    let consent = "form:has([name=prompt][value=consent]) [type=submit]";
    eventually(SOON, "the issuer asks", async || browser.click(consent).await).await;
    browser.shows("You are logged in as alice@corp of corp.").await;
    assert_eq!(browser.url().await.unwrap(), one);
    keep(&browser, "person").await;

    // The browser has one cookie, and no script can read it.
    let cookies = browser.cookies().await.unwrap();
    let [cookie] = &cookies[..] else { panic!("{cookies:?}") };
    let attributes = ["name", "path", "httpOnly", "secure", "sameSite"].map(|name| cookie[name].clone());
    assert_eq!(json!(attributes), json!(["__Host-bridge-session", "/", true, true, "Lax"]));
    assert!(cookie["domain"] == "localhost", "{cookie}");
    let stored = browser.script("return [document.cookie, localStorage.length, sessionStorage.length]").await;
    assert_eq!(stored.unwrap(), json!(["", 0, 0]));
    let who = one.replace("/session", "/v2/session");
    let view: Value = serde_json::from_str(&text(&browser, &who).await).unwrap();
    assert_eq!((&view["name"], &view["kind"]), (&json!("alice@corp"), &json!("issuer")));

    // The other replica has another origin, but is of the same site: browsers send the cookie, and the bridge refuses.
    browser.open(&two.replace("/session", "/v2/session")).await.unwrap();
    assert!(browser.text().await.unwrap().contains("alice@corp"));
    let forged = "const form = document.createElement('form');
        [form.method, form.action] = ['post', URL];
        document.body.append(form);
        form.submit()";
    browser
        .script(&forged.replace("URL", &json!(format!("{}/logout", replicas.urls[0])).to_string()))
        .await
        .unwrap();
    browser.shows("this must come from a page of https://localhost").await;
    assert!(text(&browser, &one).await.contains("You are logged in as alice@corp"));

    browser.click("button").await.unwrap();
    eventually(SOON, "the issuer asks whether to log out there too", async || {
        browser.url().await.is_ok_and(|url| url.contains("/session/end"))
    })
    .await;
    eventually(LOGOUT, "the other replica knows", async || {
        text(&browser, &two).await.contains("You are not logged in.")
    })
    .await;
    assert_eq!(browser.cookies().await.unwrap(), Vec::<Value>::new());
}

#[tokio::test]
async fn the_owner_of_a_token_logs_in() {
    let place = Place::with_tokens().await;
    let browser = Browser::start().await.unwrap();
    browser.open(&place.at("/login?return=/v2/session")).await.unwrap();
    keep(&browser, "token").await;
    // The field has the focus, and its label names it.
    let active = browser
        .script("return [document.activeElement.id, document.activeElement.labels[0].innerText]")
        .await;
    assert_eq!(active.unwrap(), json!(["token", "Your token"]));
    browser.fill("#token", "wrong").await.unwrap();
    browser.click("button").await.unwrap();
    browser.shows("Login failed: the token is not known here.").await;
    keep(&browser, "wrong").await;
    browser.fill("#token", "one").await.unwrap();
    browser.click("button").await.unwrap();
    browser.shows("alice").await;
    assert_eq!(browser.url().await.unwrap(), place.at("/v2/session"));
    let view: Value = serde_json::from_str(&browser.text().await.unwrap()).unwrap();
    assert_eq!((&view["name"], &view["kind"]), (&json!("alice"), &json!("token")));
    // A failure is a page, too.
    browser.open(&place.at("/login/callback?state=x")).await.unwrap();
    assert!(browser.text().await.unwrap().contains("this browser has not begun this login"));
    keep(&browser, "failure").await;
    browser.open(&place.at("/session")).await.unwrap();
    browser.click("button").await.unwrap();
    browser.shows("You are not logged in.").await;
    assert_eq!(browser.cookies().await.unwrap(), Vec::<Value>::new());
}
