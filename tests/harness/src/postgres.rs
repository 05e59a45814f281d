//! PostgreSQL servers: one for a single test, or the one that all tests share.

mod cluster;
mod container;

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;

use self::cluster::Cluster;
pub use self::cluster::postgresql_programs;
use self::container::Container;
pub use self::container::POSTGRESQL_IMAGE;
use crate::eventually::until;
use crate::free_port;

/// The variable with the URL of an existing PostgreSQL server, whose user can create databases.
const URL_VARIABLE: &str = "BRIDGE_TEST_POSTGRES_URL";
/// Two tests may choose the same free port; the second then tries another.
const ATTEMPTS: usize = 3;
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A PostgreSQL server, listening on 127.0.0.1.
#[derive(Debug)]
pub struct PostgreSql {
    /// The URL of the database `postgres`.
    url: String,
    /// `None` for a server that was not started here.
    own: Option<Own>,
}

#[derive(Debug)]
enum Own {
    Cluster(Cluster),
    Container(Box<Container>),
}

impl PostgreSql {
    /// Starts a server, which the caller can kill and restart.
    ///
    /// It runs the programs on `PATH` or in Debian's folders, else a container.
    pub async fn start() -> Result<Self> {
        let mut attempt = 1;
        loop {
            match Self::try_start().await {
                Err(error) if attempt == ATTEMPTS => return Err(error.context("PostgreSQL does not start")),
                Err(_) => attempt += 1,
                started => return started,
            }
        }
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
        match self.own()? {
            Own::Cluster(cluster) => cluster.stop()?,
            Own::Container(container) => container.stop().await?,
        }
        match until(READY_WITHIN, async || self.connect().await.is_err()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(anyhow!("PostgreSQL does not stop\n{}", self.log().await)),
        }
    }

    /// Starts the killed server again on the same port, with what had been committed.
    pub async fn restart(&mut self) -> Result<()> {
        match self.own()? {
            Own::Cluster(cluster) => cluster.start()?,
            Own::Container(container) => container.start().await?,
        }
        self.wait_ready().await
    }

    async fn try_start() -> Result<Self> {
        let port = free_port();
        let own = match postgresql_programs() {
            Some(programs) => {
                let mut cluster = Cluster::create(&programs, port)?;
                cluster.start()?;
                Own::Cluster(cluster)
            }
            None => Own::Container(Box::new(Container::start_on(port).await.with_context(|| {
                format!(
                    "no PostgreSQL for tests: name one in {URL_VARIABLE}, or install one (Debian: `apt-get install postgresql`), \
                     or have Docker run one"
                )
            })?)),
        };
        let mut server = Self { url: format!("postgres://bridge@127.0.0.1:{port}/postgres"), own: Some(own) };
        server.wait_ready().await?;
        Ok(server)
    }

    async fn wait_ready(&mut self) -> Result<()> {
        let ready = until(READY_WITHIN, async || match self.own()?.ended().await? {
            true => Ok(false),
            false => self.connect().await.map(|_| true).map_err(anyhow::Error::new),
        })
        .await;
        match ready {
            Ok(true) => Ok(()),
            Ok(false) => bail!("PostgreSQL ended before it was ready\n{}", self.log().await),
            Err(state) => {
                bail!("PostgreSQL not ready within {READY_WITHIN:?}: {state}\n{}", self.log().await)
            }
        }
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect(&self.url).await
    }

    async fn log(&self) -> String {
        match &self.own {
            Some(Own::Cluster(cluster)) => cluster.log(),
            Some(Own::Container(container)) => container.log().await,
            None => String::new(),
        }
    }

    fn own(&mut self) -> Result<&mut Own> {
        self.own.as_mut().context("this PostgreSQL was not started here")
    }
}

impl Own {
    async fn ended(&mut self) -> Result<bool> {
        match self {
            Self::Cluster(cluster) => cluster.ended(),
            Self::Container(container) => container.ended().await,
        }
    }
}
