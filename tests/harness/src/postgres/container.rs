//! PostgreSQL in a container, for machines without its programs.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use testcontainers::core::{IntoContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};

/// The name and tag of the image of PostgreSQL that tests use if the machine does not have its programs.
pub const POSTGRESQL_IMAGE: [&str; 2] = ["postgres", "17-alpine"];
const PORT: u16 = 5432;
/// Includes the time to pull the image.
const STARTED_WITHIN: Duration = Duration::from_secs(180);

/// Removes the container when standard input ends, which also happens if the process at the other end is killed.
const KEEPER: &str = r#"read -r _; docker rm --force --volumes "$1""#;

/// A container with a PostgreSQL server.
#[derive(Debug)]
pub(super) struct Container {
    container: ContainerAsync<GenericImage>,
    keeper: Child,
}

impl Container {
    /// Starts a server on `port` of 127.0.0.1.
    pub(super) async fn start_on(port: u16) -> Result<Self> {
        let container = GenericImage::new(POSTGRESQL_IMAGE[0], POSTGRESQL_IMAGE[1])
            .with_wait_for(WaitFor::Nothing)
            .with_mapped_port(port, PORT.tcp())
            .with_env_var("POSTGRES_USER", "bridge")
            .with_env_var("POSTGRES_DB", "postgres")
            .with_env_var("POSTGRES_HOST_AUTH_METHOD", "trust")
            .with_cmd(["postgres", "-c", "max_connections=500", "-c", "fsync=off"])
            .with_startup_timeout(STARTED_WITHIN)
            .start()
            .await?;
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", container.id()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("`sh`, which watches over PostgreSQL's container, does not start")?;
        Ok(Self { container, keeper })
    }

    pub(super) async fn start(&self) -> Result<()> {
        Ok(self.container.start().await?)
    }

    pub(super) async fn stop(&self) -> Result<()> {
        Ok(self.container.stop_with_timeout(Some(0)).await?)
    }

    /// Reports whether it has ended.
    pub(super) async fn ended(&self) -> Result<bool> {
        Ok(!self.container.is_running().await?)
    }

    pub(super) async fn log(&self) -> String {
        let log = self.container.stderr_to_vec().await.unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // An error cannot be reported here.
        let _ = self.keeper.wait();
    }
}
