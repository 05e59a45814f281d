//! PostgreSQL servers: one for a single test, or the one that all tests share.

mod cluster;

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;

use self::cluster::Cluster;
pub use self::cluster::postgresql_programs;
use crate::eventually::until;
use crate::free_port;
use crate::port::on_free_ports;

/// The variable with the URL of an existing PostgreSQL server, whose user can create databases.
const URL_VARIABLE: &str = "BRIDGE_TEST_POSTGRES_URL";
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A PostgreSQL server, listening on 127.0.0.1.
#[derive(Debug)]
pub struct PostgreSql {
    /// The URL of the database `postgres`.
    url: String,
    /// `None` for a server that was not started here.
    own: Option<Cluster>,
}

impl PostgreSql {
    /// Starts a server, which the caller can kill and restart.
    pub async fn start() -> Result<Self> {
        on_free_ports(async || {
            let port = free_port();
            let url = format!("postgres://bridge@127.0.0.1:{port}/postgres");
            let mut server = Self { url, own: Some(Cluster::create(&postgresql_programs()?, port)?) };
            server.restart().await?;
            Ok(server)
        })
        .await
        .context("PostgreSQL does not start")
    }

    /// Returns the server that all tests share: the one in `BRIDGE_TEST_POSTGRES_URL` (`cargo xtask test` sets it),
    /// else one for each process.
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<PostgreSql> = OnceCell::const_new();
        SHARED
            .get_or_try_init(async || match std::env::var(URL_VARIABLE) {
                Ok(url) => Ok(Self { url, own: None }),
                Err(_) => Self::start().await,
            })
            .await
    }

    /// The URL of the server's database `postgres`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Creates an empty database and returns its URL. It is not removed before its server ends.
    pub async fn database(&self) -> Result<String> {
        let name = format!("bridge_test_{:016x}", fastrand::u64(..));
        let mut url =
            reqwest::Url::parse(&self.url).with_context(|| format!("{URL_VARIABLE} is not a URL"))?;
        let mut connection = self.connect().await.context("cannot connect to the PostgreSQL for tests")?;
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create)
            .execute(&mut connection)
            .await
            .with_context(|| format!("cannot create {name}"))?;
        connection.close().await?;
        url.set_path(&name);
        Ok(url.into())
    }

    /// Kills the server: connections break, and what was not committed is lost.
    pub async fn kill(&mut self) -> Result<()> {
        self.own()?.stop()?;
        let gone = until(READY_WITHIN, async || self.connect().await.is_err()).await;
        gone.map_err(|_| anyhow!("PostgreSQL does not stop"))
    }

    /// Starts the killed server again on the same port, with what had been committed.
    pub async fn restart(&mut self) -> Result<()> {
        self.own()?.start()?;
        let ready = until(READY_WITHIN, async || match self.own()?.ended()? {
            true => Ok(false),
            false => self.connect().await.map(|_| true).map_err(anyhow::Error::new),
        })
        .await;
        let log = self.own()?.log();
        match ready {
            Ok(ready) => ensure!(ready, "PostgreSQL ended before it was ready\n{log}"),
            Err(state) => bail!("PostgreSQL not ready within {READY_WITHIN:?}: {state}\n{log}"),
        }
        Ok(())
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect(&self.url).await
    }

    fn own(&mut self) -> Result<&mut Cluster> {
        self.own.as_mut().context("this PostgreSQL was not started here")
    }
}
