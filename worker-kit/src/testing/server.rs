//! Where a test's Temporal server is.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::TestError;

/// A running server that tests may share, `host:port`.
const ADDRESS: &str = "TEMPORAL_TEST_ADDRESS";
/// The `temporal` program.
const CLI: &str = "TEMPORAL_CLI";

/// Long enough on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A server, and the process where it is ours.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: String,
    _process: Option<Child>,
}

impl Server {
    /// The one that `TEMPORAL_TEST_ADDRESS` names, else a dev server of one's own, which ends with this value.
    pub(super) async fn find() -> Result<Self, TestError> {
        if let Ok(address) = std::env::var(ADDRESS) {
            return Ok(Self { address, _process: None });
        }
        let program = program()?;
        let no_port = |error| TestError::new("there is no free port", error);
        let (port, http_port) = (free_port().map_err(no_port)?, free_port().map_err(no_port)?);
        let mut process = Command::new(&program)
            .args(["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--log-level", "error"])
            .args(["--port".to_owned(), port.to_string(), "--http-port".to_owned(), http_port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| TestError::new(&format!("{} does not start", program.display()), error))?;
        let address = format!("127.0.0.1:{port}");
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            match connect(&address).await {
                Ok(_) => return Ok(Self { address, _process: Some(process) }),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => sleep(PAUSE).await,
            }
            if let Ok(Some(status)) = process.try_wait() {
                return Err(TestError(format!("{} ended: {status}", program.display())));
            }
        }
    }
}

/// A client of the server's namespace `default`.
pub(super) async fn connect(address: &str) -> Result<Client, TestError> {
    let wrong = |error| TestError::new(&format!("{address} is no address, such as 127.0.0.1:7233"), error);
    let url: Url = format!("http://{address}").parse().map_err(wrong)?;
    let away = |error| TestError::new(&format!("no Temporal at {address}"), error);
    let options = ConnectionOptions::new(url).identity("test").build();
    let connection = timeout(READY_WITHIN, Connection::connect(options)).await;
    let connection =
        connection.map_err(|_| TestError(format!("{address} does not answer")))?.map_err(away)?;
    Client::new(connection, ClientOptions::new("default").build())
        .map_err(|error| TestError::new("no client", error))
}

fn program() -> Result<PathBuf, TestError> {
    if let Some(program) = std::env::var_os(CLI) {
        return Ok(program.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut programs = std::env::split_paths(&path).map(|folder| folder.join("temporal"));
    programs.find(|program| program.is_file()).ok_or_else(|| {
        TestError(format!(
            "no Temporal to test with: put `temporal` on PATH (https://docs.temporal.io/cli), name it in {CLI}, or name a \
             running server in {ADDRESS}"
        ))
    })
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
