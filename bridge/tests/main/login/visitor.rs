//! A scripted browser: it keeps cookies, and follows redirects only where a test lets it.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use serde_json::Value;
use url::Url;

use super::Place;

/// The cookie of a session on this machine.
pub(super) const SESSION: &str = "bridge-session";

/// A browser with its cookies.
#[derive(Default)]
pub(crate) struct Visitor {
    /// By port and name: browsers share the cookies of a host among its ports, but here no two servers have the same.
    cookies: Mutex<BTreeMap<(u16, String), String>>,
}

fn client() -> &'static Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| {
        // It sets the TLS provider.
        harness::http();
        let client =
            Client::builder().no_proxy().redirect(redirect::Policy::none()).pool_max_idle_per_host(0);
        client.build().unwrap()
    });
    &CLIENT
}

fn port(url: &str) -> u16 {
    Url::parse(url).unwrap().port().unwrap()
}

impl Visitor {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Returns a visitor who has only this session.
    pub(super) fn with(place: &Place, session: &str) -> Self {
        let visitor = Self::new();
        visitor.set(place, SESSION, session);
        visitor
    }

    pub(super) fn set(&self, place: &Place, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert((port(&place.url), name.to_owned()), value.to_owned());
    }

    /// Returns the cookies for a bridge.
    pub(super) fn cookies(&self, place: &Place) -> Vec<(String, String)> {
        let (cookies, port) = (self.cookies.lock().unwrap(), port(&place.url));
        let ours = cookies.iter().filter(|((of, _), _)| *of == port);
        ours.map(|((_, name), value)| (name.clone(), value.clone())).collect()
    }

    pub(super) fn session(&self, place: &Place) -> String {
        let cookies = self.cookies(place);
        cookies.into_iter().find(|(name, _)| name == SESSION).map(|(_, value)| value).unwrap_or_default()
    }

    pub(super) async fn get(&self, url: &str) -> Response {
        self.send(url, client().get(url)).await
    }

    /// Sends a form as a page of the same origin does.
    pub(crate) async fn post(&self, url: &str, form: &str) -> Response {
        self.send(url, client().post(url).header("sec-fetch-site", "same-origin").body(form.to_owned())).await
    }

    /// Sends a form from a page that is not ours.
    pub(crate) async fn post_from(
        &self,
        url: &str,
        headers: &[(&'static str, &'static str)],
        form: &str,
    ) -> Response {
        let request = client().request(Method::POST, url).body(form.to_owned());
        self.send(url, headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
            .await
    }

    async fn send(&self, url: &str, request: RequestBuilder) -> Response {
        let port = port(url);
        let pairs: Vec<_> = {
            let cookies = self.cookies.lock().unwrap();
            let ours = cookies.iter().filter(|((of, _), _)| *of == port);
            ours.map(|((_, name), value)| format!("{name}={value}")).collect()
        };
        let mut request = request.header("accept", "text/html,*/*").header("cookie", pairs.join("; "));
        if url.contains("/interaction/") || url.ends_with("/login") {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let response = request.send().await.unwrap();
        for set in response.headers().get_all("set-cookie") {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if value.is_empty() {
                cookies.remove(&(port, name.to_owned()));
            } else {
                cookies.insert((port, name.to_owned()), value.to_owned());
            }
        }
        response
    }

    /// Logs in at the issuer, and returns the URL to which it leads back.
    pub(super) async fn to_callback(&self, place: &Place, path: &str, name: &str) -> String {
        let mut url = place.at(path);
        let mut answer = self.get(&url).await;
        for _ in 0..20 {
            if let Some(to) = answer.headers().get("location") {
                url = Url::parse(&url).unwrap().join(to.to_str().unwrap()).unwrap().into();
                if url.starts_with(&place.at("/login/callback")) {
                    return url;
                }
                answer = self.get(&url).await;
                continue;
            }
            let page = answer.text().await.unwrap();
            let form = if page.contains("name=\"password\"") {
                format!("prompt=login&login={name}&password=x")
            } else {
                assert!(page.contains("consent"), "{url}: {page}");
                "prompt=consent".to_owned()
            };
            answer = self.post(&url, &form).await;
        }
        panic!("the issuer does not lead back: {url}");
    }

    /// Logs in with a token.
    pub(crate) async fn log_in(&self, place: &Place, token: &str) -> Response {
        self.post(&place.at("/login"), &format!("token={token}")).await
    }

    /// Returns the status and the body of `GET /v2/session`.
    pub(super) async fn who(&self, place: &Place) -> (u16, Value) {
        let answer = self.get(&place.at("/v2/session")).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(super) async fn is_in(&self, place: &Place) -> bool {
        self.who(place).await.0 == 200
    }
}

/// Returns the values of `Set-Cookie`, with `…` for what is encrypted.
pub(super) fn set_cookies(response: &Response) -> Vec<String> {
    let headers = response.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let shown = headers.map(|cookie| {
        let (pair, attributes) = cookie.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        let name = name.split("login-").next().unwrap();
        format!("{name}={};{attributes}", if value.is_empty() { "" } else { "…" })
    });
    shown.collect()
}

/// Returns where a response leads.
pub(super) fn location(response: &Response) -> &str {
    response.headers().get("location").map(|to| to.to_str().unwrap()).unwrap_or_default()
}
