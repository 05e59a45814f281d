//! `probe URL`: checks that another process responds, from an image that has no shell. `helm test` uses it.

use std::io::Error;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use crate::settings::duration;

/// How long an attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// Between attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// What a program can do besides its work.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Check that another process responds.
    Probe(Probe),
}

impl Command {
    /// Runs the command.
    pub fn run(&self) -> ExitCode {
        match self {
            Self::Probe(probe) => probe.run(),
        }
    }
}

/// Checks until the response is good, or the time is over.
#[derive(Debug, Clone, clap::Args)]
pub struct Probe {
    /// What to check: http://host:port/path must respond with 200; tcp://host:port must accept a connection.
    #[arg(value_name = "URL")]
    target: Target,
    /// How long to try.
    #[arg(long = "for", default_value = "30s", value_name = "TIME", value_parser = duration)]
    patience: Duration,
}

impl Probe {
    /// Runs the check in a runtime of its own, and prints the result to stderr.
    pub fn run(&self) -> ExitCode {
        match crate::runtime::run(self.check()).flatten() {
            Ok(()) => {
                eprintln!("{} responds", self.target.0);
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("error: {}: {error}", self.target.0);
                ExitCode::FAILURE
            }
        }
    }

    async fn check(&self) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            match timeout(ATTEMPT, self.target.check()).await.map_err(Error::from).flatten() {
                Err(_) if begun.elapsed() < self.patience => sleep(PAUSE.min(self.patience)).await,
                result => return result,
            }
        }
    }
}

/// What is checked.
#[derive(Debug, Clone)]
struct Target(Url);

impl FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).ok().filter(|url| url.has_host());
        let url = url.filter(|url| url.scheme() == "http" || (url.scheme() == "tcp" && url.port().is_some()));
        url.map(Self).ok_or("write http://host:port/path or tcp://host:port")
    }
}

impl Target {
    async fn check(&self) -> Result<(), Error> {
        let mut stream = TcpStream::connect(&*self.0.socket_addrs(|| None)?).await?;
        if self.0.scheme() == "tcp" {
            return Ok(());
        }
        // Only the status matters, so HTTP/1.0 is enough.
        let request = format!("GET {} HTTP/1.0\r\nHost: {}\r\n\r\n", self.0.path(), self.0.authority());
        stream.write_all(request.as_bytes()).await?;
        let mut response = String::new();
        BufReader::new(stream).read_line(&mut response).await?;
        match response.split(' ').nth(1) {
            Some("200") => Ok(()),
            Some(status) => Err(Error::other(format!("the response is {status}"))),
            None => Err(Error::other("the response is not HTTP")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use super::*;

    /// Checks a server that sends this response.
    fn asked(answer: &'static str, scheme: &str) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target: Target = format!("{scheme}://{}/readyz", listener.local_addr().unwrap()).parse().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(&stream).lines().map(Result::unwrap);
            let request: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            stream.write_all(answer.as_bytes()).unwrap();
            request.join("\n")
        });
        let result = crate::runtime::run(target.check()).flatten().map_err(|error| error.to_string());
        let request = server.join().unwrap();
        assert!(
            scheme == "tcp" || request.starts_with("GET /readyz HTTP/1.0\nHost: 127.0.0.1:"),
            "{request}"
        );
        result
    }

    #[test]
    fn ready_is_200_and_nothing_else() {
        assert_eq!(asked("HTTP/1.1 200 OK\r\n\r\n", "http"), Ok(()));
        assert_eq!(
            asked("HTTP/1.1 503 Service Unavailable\r\n\r\n", "http"),
            Err("the response is 503".to_owned())
        );
        assert_eq!(asked("SSH-2.0\r\n", "http"), Err("the response is not HTTP".to_owned()));
        assert_eq!(asked("", "http"), Err("the response is not HTTP".to_owned()));
        assert_eq!(asked("", "tcp"), Ok(()));
    }

    #[test]
    fn no_server_is_a_failure_once_the_time_is_over() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let target = format!("http://{free}").parse().unwrap();
        let probe = Probe { target, patience: Duration::ZERO };
        assert_eq!(probe.run(), ExitCode::FAILURE);
    }

    #[test]
    fn other_urls_are_refused() {
        for url in ["", "host", "https://host/", "tcp://host", "file:///etc/passwd"] {
            assert!(url.parse::<Target>().is_err(), "{url}");
        }
    }
}
