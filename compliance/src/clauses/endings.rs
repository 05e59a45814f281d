//! When Temporal is away, and when the process ends.

use std::time::Duration;

use reqwest::Url;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::expectations::expect;
use crate::report::Outcome;
use crate::session::{Seen, Session, is_success, words};

/// How long a server may take to ask for a body; one that never does gets it all the same.
const CONTINUE: Duration = Duration::from_secs(2);
/// Between questions to a server that finds Temporal again.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn temporal_failure(session: &Session<'_>) -> Outcome {
    let backstage = &session.target.backstage;
    if !backstage.cut_temporal(true).await {
        return Outcome::not_applicable("nobody can take Temporal away from this server");
    }
    let id = Session::fresh_id();
    let seen = session.start(&session.target.body(&id)).await;
    let failed = |seen: &Seen| seen.as_ref().is_ok_and(|answer| answer.status.is_server_error());
    let outcome = expect(failed, "a 5xx while Temporal is away", &seen);
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
            return Outcome::of(false, "a success once Temporal is back", words(&seen));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

pub(super) async fn drain(session: &Session<'_>) -> Outcome {
    let Some(address) = plain_address(&session.target.url) else {
        return Outcome::not_applicable("it is asked over plain HTTP only");
    };
    let patience = session.target.patience;
    match timeout(patience, drained(session, &address)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Outcome::of(false, "an answer to the request that was under way", error),
        Err(_) => Outcome::of(
            false,
            "an answer to the request that was under way",
            format!("none within {patience:?}"),
        ),
    }
}

/// A start whose head is there when the process is told to end, and whose body comes after.
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
    // Asked to go on, we know that the request has come to where it is answered.
    let asked = timeout(CONTINUE, head_of(&mut stream)).await;
    if let Ok(early) = asked
        && let early = early?
        && !early.starts_with("HTTP/1.1 100 ")
    {
        return Ok(Outcome::of(false, "the body to be awaited", first_line(&early)));
    }
    stream.write_all(first).await?;
    if !backstage.drain().await {
        return Ok(Outcome::not_applicable("nobody can ask this server to end"));
    }
    let answered = async {
        stream.write_all(rest).await?;
        let head = head_of(&mut stream).await?;
        // One that was late to ask for the body.
        if head.starts_with("HTTP/1.1 100 ") { head_of(&mut stream).await } else { Ok(head) }
    };
    let answer: std::io::Result<String> = answered.await;
    let seen = answer.as_ref().map_or_else(ToString::to_string, |head| first_line(head).to_owned());
    let success =
        answer.is_ok_and(|head| head.split(' ').nth(1).is_some_and(|status| status.starts_with('2')));
    let outcome = Outcome::of(success, "a success of the request that was under way", seen);
    Ok(outcome
        .and(async {
            let ended = backstage.ended().await;
            Outcome::of(ended.is_ok(), "the end of the server in good order", ended.err().unwrap_or_default())
        })
        .await)
}

/// The next head of an answer.
async fn head_of(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        // Byte by byte: what follows is not ours to take.
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
