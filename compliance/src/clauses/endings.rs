//! Clauses about a Temporal that is not reachable, and about the end of the process.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use url::Url;

use super::expectations::expect;
use crate::report::Outcome;
use crate::session::{Seen, Session, is_success, words};

/// How long to wait until the server asks for the body. Then it is sent in any case.
const CONTINUE: Duration = Duration::from_secs(2);
/// The pause between starts while the server connects to Temporal again.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn temporal_failure(session: &Session<'_>) -> Outcome {
    let backstage = &session.target.backstage;
    if !backstage.cut_temporal(true).await {
        return Outcome::not_applicable("Temporal cannot be taken away from this server");
    }
    let id = Session::fresh_id();
    let seen = session.start(&session.target.body(&id)).await;
    let failed = |seen: &Seen| seen.as_ref().is_ok_and(|answer| answer.status.is_server_error());
    let outcome = expect(failed, "a 5xx while Temporal is not reachable", &seen);
    backstage.cut_temporal(false).await;
    outcome.and(works_again(session)).await
}

async fn works_again(session: &Session<'_>) -> Outcome {
    let deadline = Instant::now() + session.target.patience;
    loop {
        let seen = session.start(&session.target.body(&Session::fresh_id())).await;
        if is_success(&seen) {
            return Outcome::Passed;
        }
        if Instant::now() >= deadline {
            return Outcome::of(false, "a success after Temporal is reachable again", words(&seen));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) async fn drain(session: &Session<'_>) -> Outcome {
    let Some(address) = plain_address(&session.target.url) else {
        return Outcome::not_applicable("it is tested only over plain HTTP");
    };
    let patience = session.target.patience;
    match timeout(patience, drained(session, &address)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Outcome::of(false, "a response to the request in progress", error),
        Err(_) => {
            Outcome::of(false, "a response to the request in progress", format!("none within {patience:?}"))
        }
    }
}

/// Sends a start whose headers arrive before the drain, and whose body arrives after it.
async fn drained(session: &Session<'_>, address: &str) -> std::io::Result<Outcome> {
    let backstage = &session.target.backstage;
    let body = session.target.body(&Session::fresh_id()).to_string();
    let token = session.target.token.as_ref();
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {address}\r\n{token}Content-Type: application/json\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n",
        session.path(),
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(head.as_bytes()).await?;
    let (first, rest) = body.as_bytes().split_at(1);
    // When the server asks for the body, the request has reached the handler.
    let asked = timeout(CONTINUE, head_of(&mut stream)).await;
    if let Ok(early) = asked
        && let early = early?
        && !early.starts_with("HTTP/1.1 100 ")
    {
        return Ok(Outcome::of(false, "a server that waits for the body", first_line(&early)));
    }
    stream.write_all(first).await?;
    if !backstage.drain().await {
        return Ok(Outcome::not_applicable("this server cannot be drained"));
    }
    let answered = async {
        stream.write_all(rest).await?;
        let head = head_of(&mut stream).await?;
        // The server asked for the body late.
        if head.starts_with("HTTP/1.1 100 ") { head_of(&mut stream).await } else { Ok(head) }
    };
    let answer: std::io::Result<String> = answered.await;
    let seen = answer.as_ref().map_or_else(ToString::to_string, |head| first_line(head).to_owned());
    let success =
        answer.is_ok_and(|head| head.split(' ').nth(1).is_some_and(|status| status.starts_with('2')));
    let outcome = Outcome::of(success, "a success of the request in progress", seen);
    Ok(outcome
        .and(async {
            let ended = backstage.ended().await;
            Outcome::of(ended.is_ok(), "a server that ends properly", ended.err().unwrap_or_default())
        })
        .await)
}

/// Reads the next head of a response.
async fn head_of(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // Byte by byte, because what follows belongs to the next one.
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn first_line(head: &str) -> &str {
    head.lines().next().unwrap_or_default()
}

fn plain_address(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| url.scheme() == "http")?;
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}
