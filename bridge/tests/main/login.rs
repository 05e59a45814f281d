//! Logins and sessions of browsers, at a real issuer and with named tokens.

pub(crate) mod browser;
mod flow;
mod rotation;
mod sessions;
mod tokens;
mod visitor;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bridge::Bridge;
use bridge::config::Settings;
use bridge_core::Clock;
use clap::Parser;
use harness::{Process, free_port, oidc_provider_for};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use service::auth::NewToken;
use service::shutdown::Shutdown;
use tempfile::TempDir;
use temporal::TemporalTarget;
use tokio::net::TcpListener;

pub(crate) use self::visitor::Visitor;
use crate::api::{SOON, ScriptedEngine};
use crate::rights::everything;

/// Keys of 32 bytes as Base64, and the names that they have in tests.
const ONE: &str = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=";
const TWO: &str = "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI=";

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    settings: Settings,
}

/// The system's clock, which a test can move.
#[derive(Debug, Default)]
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// A bridge at which browsers log in.
pub(crate) struct Place {
    url: String,
    files: TempDir,
    clock: Arc<Moved>,
    shutdown: Shutdown,
}

impl Place {
    /// With the tokens `one` of alice, `two` of bob, `third` of carol and `fourth` of dave.
    async fn with_tokens() -> Self {
        Self::start(free_port(), None, "sqlite::memory:").await
    }

    /// With this database too.
    async fn on_database(database: &str) -> Self {
        Self::start(free_port(), None, database).await
    }

    /// With the tokens, and with these rights.
    pub(crate) async fn with_rights(bindings: &str) -> Self {
        Self::start_with(free_port(), None, "sqlite::memory:", Some(bindings)).await
    }

    async fn start(port: u16, issuer: Option<&str>, database: &str) -> Self {
        Self::start_with(port, issuer, database, None).await
    }

    async fn start_with(port: u16, issuer: Option<&str>, database: &str, bindings: Option<&str>) -> Self {
        let files = tempfile::tempdir().unwrap();
        let url = format!("http://127.0.0.1:{port}");
        write(files.path(), "keys", ONE);
        write(
            files.path(),
            "tokens",
            &lines(&[("alice", "one"), ("bob", "two"), ("carol", "third"), ("dave", "fourth")]),
        );
        let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
        let mut arguments = ["bridge", "--client-check", "0s", "--database", database, "--public-url", &url]
            .map(str::to_owned)
            .to_vec();
        arguments.extend(["--bearer-tokens".to_owned(), path("tokens")]);
        arguments.extend(["--session-keys".to_owned(), path("keys")]);
        let rights = match bindings {
            Some(bindings) => {
                write(files.path(), "rights.toml", bindings);
                path("rights.toml")
            }
            None => everything().to_str().unwrap().to_owned(),
        };
        arguments.extend(["--rights".to_owned(), rights]);
        if let Some(issuer) = issuer {
            write(files.path(), "issuers.toml", &entry(issuer, files.path()));
            arguments.extend(["--issuers".to_owned(), path("issuers.toml")]);
        }
        let program: Program = service::settings::try_parse_from(arguments).unwrap();
        let shutdown = Shutdown::new(SOON);
        let target = TemporalTarget::new("temporal:7233", "default").unwrap();
        let (engine, clock) = (Arc::new(ScriptedEngine::default()), Arc::new(Moved::default()));
        let bridge = Bridge::with_clock(&program.settings, target, engine, clock.clone(), &shutdown).await;
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        tokio::spawn(bridge.unwrap().serve(listener));
        Self { url, files, clock, shutdown }
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Lets time pass for sessions.
    fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn write(&self, name: &str, content: &str) {
        write(self.files.path(), name, content);
    }

    /// Returns the events of logins and logouts, oldest first: verb, outcome, name, reason.
    async fn events(&self) -> Vec<String> {
        let audit = harness::http().get(self.at("/v2/audit")).bearer_auth("two").send().await.unwrap();
        let events: Vec<Value> = audit.json().await.unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let is_ours = |event: &&Value| ["login", "logout"].contains(&event["verb"].as_str().unwrap());
        let events = events.iter().rev().filter(is_ours).map(|event| {
            let parts = [&event["verb"], &event["outcome"], &event["actor"]["name"], &event["reason"]];
            parts.map(text).join(" ").trim_end().to_owned()
        });
        events.collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shutdown.stop();
    }
}

/// A bridge, and a real issuer at which its browsers log in.
struct Issued {
    place: Place,
    issuer: Option<Process>,
    issuer_url: String,
}

impl Issued {
    async fn new() -> Self {
        let (port, issuer_port) = (free_port(), free_port());
        let url = format!("http://127.0.0.1:{port}");
        let issuer = provider(issuer_port, &[&url]).await;
        let issuer_url = format!("http://127.0.0.1:{issuer_port}");
        let place = Place::start(port, Some(&issuer_url), "sqlite::memory:").await;
        Self { place, issuer: Some(issuer), issuer_url }
    }

    /// The issuer goes away.
    fn issuer_ends(&mut self) {
        self.issuer = None;
    }

    /// Removes a person from the issuer.
    async fn is_gone(&self, name: &str) {
        harness::http().post(format!("{}/gone/{name}", self.issuer_url)).send().await.unwrap();
    }

    /// Returns a visitor who has logged in.
    async fn visitor(&self, name: &str) -> Visitor {
        let visitor = Visitor::new();
        let back = visitor.to_callback(&self.place, "/login", name).await;
        assert_eq!(visitor.get(&back).await.status(), 303);
        visitor
    }
}

async fn provider(port: u16, bridges: &[&str]) -> Process {
    let mut provider = oidc_provider_for(port, "key", bridges).unwrap().spawn().unwrap();
    let ready = format!("http://127.0.0.1:{port}/.well-known/openid-configuration");
    provider.wait_ready(&ready).await.unwrap();
    provider
}

/// Returns the entry of a real issuer in the file of issuers.
fn entry(url: &str, files: &Path) -> String {
    write(files, "secret", "secret\n");
    let secret = files.join("secret");
    format!(
        "[[issuer]]\nname = \"corp\"\nissuer = \"{url}\"\naudience = \"urn:emco:bridge\"\ngroups_claim = \"groups\"\n\
         name_claim = \"preferred_username\"\nlogin = {{ client_id = \"browser\", client_secret_file = \"{}\" }}\n",
        secret.display()
    )
}

fn lines(tokens: &[(&str, &str)]) -> String {
    tokens.iter().map(|(name, token)| NewToken::of(name, token).unwrap().line() + "\n").collect()
}

fn write(folder: &Path, name: &str, content: &str) {
    std::fs::write(folder.join(name), content).unwrap();
}
