//! `probe URL`: asks a process whether it is there, from an image that has no shell; for `helm test`.

use std::io::{BufRead, BufReader, Error, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::{Duration, Instant};

use url::Url;

use crate::settings::duration;

/// How long an attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// Between attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// What a program does beside its work.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Ask another process whether it is there.
    Probe(Probe),
}

impl Command {
    /// Does it.
    pub fn run(&self) -> ExitCode {
        match self {
            Self::Probe(probe) => probe.run(),
        }
    }
}

/// Asks until the answer is good, or it is too late.
#[derive(Debug, Clone, clap::Args)]
pub struct Probe {
    /// Whom to ask: http://host:port/path must answer 200; tcp://host:port must take a connection.
    #[arg(value_name = "URL")]
    target: Target,
    /// How long to go on asking.
    #[arg(long = "for", default_value = "30s", value_name = "TIME", value_parser = duration)]
    patience: Duration,
}

impl Probe {
    /// Asks, and says on stderr what came of it.
    #[expect(clippy::disallowed_methods, reason = "this process has no runtime, and nothing else to do")]
    pub fn run(&self) -> ExitCode {
        let begun = Instant::now();
        loop {
            match self.target.ask() {
                Ok(()) => {
                    eprintln!("{} is there", self.target.0);
                    return ExitCode::SUCCESS;
                }
                Err(error) if begun.elapsed() >= self.patience => {
                    eprintln!("error: {}: {error}", self.target.0);
                    return ExitCode::FAILURE;
                }
                Err(_) => std::thread::sleep(PAUSE.min(self.patience)),
            }
        }
    }
}

/// Somebody to ask.
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
    fn ask(&self) -> Result<(), Error> {
        let mut stream = self.connect()?;
        if self.0.scheme() == "tcp" {
            return Ok(());
        }
        stream.set_read_timeout(Some(ATTEMPT))?;
        stream.set_write_timeout(Some(ATTEMPT))?;
        // Nothing but the status is wanted, so HTTP/1.0 will do.
        let request = format!("GET {} HTTP/1.0\r\nHost: {}\r\n\r\n", self.0.path(), self.0.authority());
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer)?;
        match answer.split(' ').nth(1) {
            Some("200") => Ok(()),
            Some(status) => Err(Error::other(format!("the answer is {status}"))),
            None => Err(Error::other("the answer is no HTTP")),
        }
    }

    fn connect(&self) -> Result<TcpStream, Error> {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = self.0.port_or_known_default().unwrap_or_default();
        let mut last = Error::other("the name has no address");
        for address in (host, port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, ATTEMPT) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Asks a server that answers once with this.
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
        let result = target.ask().map_err(|error| error.to_string());
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
            Err("the answer is 503".to_owned())
        );
        assert_eq!(asked("SSH-2.0\r\n", "http"), Err("the answer is no HTTP".to_owned()));
        assert_eq!(asked("", "http"), Err("the answer is no HTTP".to_owned()));
        assert_eq!(asked("", "tcp"), Ok(()));
    }

    #[test]
    fn nobody_there_is_a_failure_once_it_is_too_late() {
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
