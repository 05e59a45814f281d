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
        let stream = self.connect()?;
        if self.0.scheme() == "tcp" {
            return Ok(());
        }
        stream.set_read_timeout(Some(ATTEMPT))?;
        stream.set_write_timeout(Some(ATTEMPT))?;
        // Nothing but the status is wanted, so HTTP/1.0 will do.
        let authority = self.0.authority();
        write!(&stream, "GET {} HTTP/1.0\r\nHost: {authority}\r\n\r\n", self.0.path())?;
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
