//! What the tests share: a stand-in with the samples, raw requests.

use std::time::Duration;

use emco::{Client, Retry, Settings};
use emco_stand_in::{StandIn, StandInOptions};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, redirect};

pub(crate) const DIG: &str = "/v2/projects/proj1/composite-apps/capp1/v1/deployment-intent-groups/dig1";
pub(crate) const GPI: &str = "dig1-placement-intent";

/// Longer than any settle time of the tests.
pub(crate) const A_WHILE: Duration = Duration::from_secs(60);

/// A stand-in whose apps take [`A_WHILE`] to move, so that only moving its clock lets them.
pub(crate) async fn bare() -> StandIn {
    StandIn::start(StandInOptions { settle_time: A_WHILE, ..StandInOptions::default() }).await.unwrap()
}

/// The samples, instantiated and settled.
pub(crate) async fn loaded() -> StandIn {
    let stand_in = bare().await;
    stand_in.load_samples().await.unwrap();
    stand_in.advance(A_WHILE);
    stand_in
}

/// Settings that repeat without waiting long.
pub(crate) fn quick() -> Settings {
    let retry =
        Retry { tries: 3, first_pause: Duration::from_millis(1), longest_pause: Duration::from_millis(2) };
    Settings { retry, ..Settings::default() }
}

pub(crate) fn client(stand_in: &StandIn) -> Client {
    Client::new(stand_in.url(), quick()).unwrap()
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn raw(method: &str, url: String) -> RequestBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder()
        .tls_certs_only([])
        .redirect(redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    http.request(Method::from_bytes(method.as_bytes()).unwrap(), url)
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.text().await.unwrap() }
}

/// Sends a JSON body, or none if it is empty.
pub(crate) async fn ask(stand_in: &StandIn, method: &str, path: &str, body: &str) -> Answer {
    let request = raw(method, format!("{}{path}", stand_in.url())).header(CONTENT_TYPE, "application/json");
    send(request.body(body.to_owned())).await
}

/// Go's `http.Error`.
#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, status: u16, text: &str, what: &str) {
    assert_eq!((answer.status, answer.body.as_str()), (status, format!("{text}\n").as_str()), "{what}");
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{what}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
}

/// The least that Helm takes for a chart.
pub(crate) const CHART: &str = "apiVersion: v2\nname: second\nversion: 0.1.0\n";

/// A gzipped tar of these files.
pub(crate) fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A profile without values.
pub(crate) fn profile_archive() -> Vec<u8> {
    archive(&[("manifest.yaml", "version: v1\ntype:\n  values: values.yaml\n"), ("values.yaml", "")])
}
