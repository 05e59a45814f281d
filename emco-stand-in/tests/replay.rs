//! The calls of `recorded/emco.jsonl`, made to the stand-in. Code, content type, location and body must be
//! those of the real EMCO.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use emco_stand_in::{StandIn, StandInOptions};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, LOCATION};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use regex::Regex;
use serde::Deserialize;
use tokio::net::TcpStream;

/// The differences that are meant, by row, with their reason.
const MEANT: &[(usize, &str)] =
    &[(204, "`output=detail`: charts are not rendered, so there are no objects to show")];

/// Less than any `settle` of the recording, as on the machine where it was made.
const SETTLE_TIME: Duration = Duration::from_millis(500);

/// A call and its response. Rows without `status` are also called, because later rows depend on them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Row {
    n: usize,
    call: String,
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    body_base64: String,
    /// How many seconds were waited after the call.
    #[serde(default)]
    settle: u64,
    status: Option<u16>,
    #[serde(default)]
    content_type: String,
    #[serde(default)]
    location: String,
    #[serde(default)]
    answer: String,
}

/// The parts of a response that are compared.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    content_type: String,
    location: String,
    body: String,
}

impl Row {
    fn recorded(&self) -> Option<Answer> {
        Some(Answer {
            status: self.status?,
            content_type: self.content_type.clone(),
            location: self.location.clone(),
            body: self.answer.clone(),
        })
    }

    fn request(&self, host: &str) -> Request<Full<Bytes>> {
        let body = match self.body_base64.is_empty() {
            true => self.body.clone().into_bytes(),
            false => BASE64_STANDARD.decode(&self.body_base64).unwrap(),
        };
        let request = Request::builder().method(self.method.as_str()).uri(&self.path).header(HOST, host);
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.body(Full::new(Bytes::from(body))).unwrap()
    }
}

/// Replaces what differs each time by the marks of the recording.
struct Marks(Vec<(Regex, &'static str)>);

impl Marks {
    fn new() -> Self {
        let mark = |pattern: &str, mark| (Regex::new(pattern).unwrap(), mark);
        Self(vec![
            mark("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
            mark(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
            // Context IDs are random 63-bit numbers.
            mark(r"\b\d{15,19}\b", "<ctx>"),
        ])
    }

    fn put(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, (pattern, mark)| pattern.replace_all(&text, *mark).into_owned())
    }
}

/// Sends one request on a connection of its own; an HTTP client would add headers and clean the path.
async fn send(host: &str, request: Request<Full<Bytes>>) -> Response<Bytes> {
    let stream = TcpStream::connect(host).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

fn header(headers: &HeaderMap, name: hyper::header::HeaderName) -> String {
    headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
}

#[tokio::test]
async fn responses_equal_those_of_the_recording() {
    let options = StandInOptions {
        settle_time: SETTLE_TIME,
        logical_cloud_settle_time: SETTLE_TIME,
        ..StandInOptions::default()
    };
    let stand_in = StandIn::start(options).await.unwrap();
    let host = stand_in.url().strip_prefix("http://").unwrap();
    let marks = Marks::new();
    let (mut report, mut meant) = (String::new(), BTreeMap::from_iter(MEANT.iter().copied()));
    for line in include_str!("recorded/emco.jsonl").lines() {
        let row: Row = serde_json::from_str(line).unwrap();
        let response = send(host, row.request(host)).await;
        stand_in.advance(Duration::from_secs(row.settle));
        let ours = Answer {
            status: response.status().as_u16(),
            content_type: header(response.headers(), CONTENT_TYPE),
            location: header(response.headers(), LOCATION).replace(host, "HOST"),
            body: marks.put(&String::from_utf8_lossy(response.body())).replace(host, "HOST"),
        };
        let differs = row.recorded().is_some_and(|recorded| recorded != ours);
        if !differs || meant.remove(&row.n).is_some() {
            continue;
        }
        let Row { n, call, method, path, .. } = &row;
        writeln!(report, "row {n} ({call}) differs: {method} {path}").unwrap();
        for (whose, answer) in [("EMCO", row.recorded()), ("ours", Some(ours))] {
            let Some(Answer { status, content_type, location, body }) = answer else { continue };
            writeln!(report, "  {whose}: {status} {content_type} {location}\n    {body:?}").unwrap();
        }
    }
    for (n, reason) in meant {
        writeln!(report, "row {n} is meant to differ, and does not: {reason}").unwrap();
    }
    assert!(MEANT.len() <= 12, "the stand-in is an EMCO, not a list of exceptions");
    assert!(report.is_empty(), "\n{report}");
}
