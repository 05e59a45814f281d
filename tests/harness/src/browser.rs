//! A real browser: Chromium without a window, driven over WebDriver (W3C).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Process, call, eventually, free_port};

/// How WebDriver names the key of an element's ID.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long the browser may take to end.
const END: Duration = Duration::from_secs(10);
/// Long enough for any page on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// A browser with a profile of its own. It accepts any certificate.
#[derive(Debug)]
pub struct Browser {
    port: u16,
    session: String,
    _driver: Process,
    /// Removed after the driver has ended.
    _profile: TempDir,
}

impl Browser {
    /// Starts Debian's `chromium` with its `chromium-driver`.
    pub async fn start() -> Result<Self> {
        const MISSING: &str = "no browser: `apt-get install chromium chromium-driver`";
        let port = free_port();
        let mut driver =
            Process::builder("chromedriver").arg(format!("--port={port}")).spawn().context(MISSING)?;
        driver.wait_ready(&format!("http://127.0.0.1:{port}/status")).await?;
        let profile = tempfile::tempdir()?;
        let arguments = [
            "--headless=new".to_owned(),
            // Tests may run as root, and in containers with little shared memory.
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-proxy-server".to_owned(),
            // Pages of tests need nothing from outside.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1".to_owned(),
            "--window-size=1000,700".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let options = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "acceptInsecureCerts": true,
            "goog:chromeOptions": {"args": arguments},
        }}});
        let url = format!("http://127.0.0.1:{port}/session");
        let started = call(Method::POST, &url, &options, StatusCode::OK).await.context(MISSING)?;
        let session =
            started["value"]["sessionId"].as_str().context("the driver names no session")?.to_owned();
        Ok(Self { port, session, _driver: driver, _profile: profile })
    }

    /// Opens a page, and waits until it is loaded.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.post("/url", &json!({"url": url})).await.map(drop)
    }

    /// Returns the URL of the page.
    pub async fn url(&self) -> Result<String> {
        text_of(&self.get("/url").await?)
    }

    /// Returns the text that the page shows.
    pub async fn text(&self) -> Result<String> {
        text_of(&self.script("return document.body.innerText").await?)
    }

    /// Waits until the page shows these words.
    ///
    /// # Panics
    /// Panics with the text of the page if it does not show them in time.
    pub async fn shows(&self, words: &str) {
        eventually(SOON, words, async || match self.text().await {
            Ok(text) if text.contains(words) => Ok(()),
            Ok(text) => Err(text),
            Err(error) => Err(format!("{error:#}")),
        })
        .await;
    }

    /// Types a text into the element that a CSS selector finds, in place of the one that it has.
    pub async fn replace(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.element(selector).await?;
        self.post(&format!("/element/{element}/clear"), &json!({})).await?;
        self.post(&format!("/element/{element}/value"), &json!({"text": text})).await.map(drop)
    }

    /// Types a text into the element that a CSS selector finds.
    pub async fn fill(&self, selector: &str, text: &str) -> Result<()> {
        let element = self.element(selector).await?;
        self.post(&format!("/element/{element}/value"), &json!({"text": text})).await.map(drop)
    }

    /// Clicks on the element that a CSS selector finds, and waits for the page to which that leads.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let element = self.element(selector).await?;
        self.post(&format!("/element/{element}/click"), &json!({})).await.map(drop)
    }

    /// Runs the body of a JavaScript function in the page, and returns its result, also that of a promise.
    pub async fn script(&self, body: &str) -> Result<Value> {
        self.post("/execute/sync", &json!({"script": body, "args": []})).await
    }

    /// Returns the cookies of the page, also those that scripts cannot read.
    pub async fn cookies(&self) -> Result<Vec<Value>> {
        let cookies = self.get("/cookie").await?;
        Ok(cookies.as_array().context("no list of cookies")?.clone())
    }

    /// Shows pages in a window of this size from now on, in dark colours if wanted.
    pub async fn looks(&self, (width, height): (u32, u32), dark: bool) -> Result<()> {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", size).await?;
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.command("Emulation.setEmulatedMedia", features).await
    }

    /// Is in this time zone from now on.
    pub async fn in_zone(&self, zone: &str) -> Result<()> {
        self.command("Emulation.setTimezoneOverride", json!({"timezoneId": zone})).await
    }

    /// Does not fetch from these URLs any more (`*` stands for any text), such as those of scripts.
    pub async fn blocks(&self, urls: &[&str]) -> Result<()> {
        self.command("Network.enable", json!({})).await?;
        self.command("Network.setBlockedURLs", json!({"urls": urls})).await
    }

    /// Opens another tab, and goes on in it.
    pub async fn another_tab(&self) -> Result<()> {
        let tab = self.post("/window/new", &json!({"type": "tab"})).await?;
        self.post("/window", &json!({"handle": tab["handle"]})).await.map(drop)
    }

    /// Goes back to the page before, as the button of the browser does.
    pub async fn back(&self) -> Result<()> {
        self.post("/back", &json!({})).await.map(drop)
    }

    /// Sends a command of the DevTools protocol.
    async fn command(&self, name: &str, params: Value) -> Result<()> {
        self.post("/goog/cdp/execute", &json!({"cmd": name, "params": params})).await.map(drop)
    }

    /// Writes what the page looks like to a file, as PNG.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let picture = text_of(&self.get("/screenshot").await?)?;
        std::fs::write(file, STANDARD.decode(picture)?)
            .with_context(|| format!("cannot write {}", file.display()))
    }

    async fn element(&self, selector: &str) -> Result<String> {
        let query = json!({"using": "css selector", "value": selector});
        let found = self.post("/element", &query).await;
        match found {
            Ok(found) => text_of(&found[ELEMENT]),
            Err(error) => {
                let (url, text) = (self.url().await?, self.text().await.unwrap_or_default());
                bail!("no `{selector}` on {url}, which shows: {text}\n{error:#}")
            }
        }
    }

    async fn get(&self, path: &str) -> Result<Value> {
        self.ask(Method::GET, path, &Value::Null).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask(Method::POST, path, body).await
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let url = format!("http://127.0.0.1:{}/session/{}{path}", self.port, self.session);
        let mut answer = call(method, &url, body, StatusCode::OK).await?;
        Ok(answer["value"].take())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser only when its session ends. What fails here ends with the process.
        if let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = driver.set_read_timeout(Some(END));
            let _ = write!(driver, "DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", self.session);
            // It keeps the connection, so only the beginning of its response comes for sure.
            let _ = driver.read(&mut [0]);
        }
    }
}

fn text_of(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).with_context(|| format!("no text: {value}"))
}
